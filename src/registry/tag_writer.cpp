#include "registry/tag_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "oci/layout.h"
#include "registry/manifests.h"
#include "registry/upload.h"
#include "system/cancellation.h"
#include "system/parallel.h"

namespace registry {

namespace {

using namespace std::chrono_literals;

/// Docker Hub and GHCR lag seconds behind what was written to them (registry.md §1).
constexpr std::array<std::chrono::milliseconds, 5> verification_waits = {500ms, 1s, 2s, 4s, 8s};
constexpr std::chrono::milliseconds preconditions_hold = 30s;
constexpr std::size_t side_by_side = 4;
constexpr const char* run_again =
    "run it again (in a workflow: press Re-run failed jobs): what is right already is left alone";

[[noreturn]] void refuse_other_writer(const std::string& name, const Digest& theirs) {
    throw Error{Exit::failed,
                {{{},
                  fmt::format("{} was moved by another writer to {}", name, theirs.text()),
                  "let only one run publish at a time (concurrency in the workflow), then run it again"}}};
}

}  // namespace

TagWriter::TagWriter(const World& world, Client& client, const std::string& host, const Publication& publication,
                     const std::map<std::string, std::string>& indexes)
    : world_(world), client_(client), host_(host), read_at_(world.clock.steady()) {
    for (const auto& [name, bytes] : indexes) indexes_.emplace(sha256(bytes), bytes);
    for (const Step& step : publication.steps) {
        if (!step.tag.empty()) tags_.push_back({step});
    }
}

std::vector<TagWriter::Tag*> TagWriter::tags_of(StepKind kind) {
    std::vector<Tag*> chosen;
    for (Tag& tag : tags_) {
        if (tag.step.kind == kind) chosen.push_back(&tag);
    }
    return chosen;
}

void TagWriter::write(StepKind kind, const std::function<void()>& on_written) {
    const std::vector<Tag*> tags = tags_of(kind);
    if (world_.clock.steady() - read_at_ > preconditions_hold) check_preconditions(tags);

    std::map<std::string, std::vector<Tag*>> by_repository;
    for (Tag* tag : tags) by_repository[tag->step.repository].push_back(tag);
    std::vector<std::function<void()>> work;
    for (const auto& [repository, theirs] : by_repository) {
        work.emplace_back([this, &theirs = theirs, &on_written] {
            for (Tag* tag : theirs) write_one(*tag, on_written);
        });
    }
    in_parallel(side_by_side, work);

    std::vector<std::function<void()>> checks;
    for (const Tag* tag : tags) checks.emplace_back([this, tag] { verify(tag->step); });
    in_parallel(side_by_side, checks);
}

void TagWriter::check_preconditions(const std::vector<Tag*>& tags) {
    std::vector<std::function<void()>> work;
    for (const Tag* tag : tags) {
        work.emplace_back([this, &step = tag->step] {
            const std::optional<Digest> now = ask_tag(client_, host_, step.repository, step.tag);
            if (now == step.before || now == step.digest) return;
            if (now) refuse_other_writer(name_of(step), *now);
            throw Error{Exit::failed, {{{}, name_of(step) + " was there and is gone", "run it again"}}};
        });
    }
    in_parallel(side_by_side, work);
    read_at_ = world_.clock.steady();
}

void TagWriter::set_state(Tag& tag, State state) {
    const std::lock_guard lock(mutex_);
    tag.state = state;
}

void TagWriter::write_one(Tag& tag, const std::function<void()>& on_written) {
    {
        const std::lock_guard lock(mutex_);
        if (failed_) return;
    }
    try {
        stop_if_cancelled();
        const std::string bytes = bytes_of(tag.step);
        const std::string media_type = parse_manifest(bytes, name_of(tag.step)).media_type;
        set_state(tag, State::on_its_way);
        put_manifest(client_, host_, tag.step.repository, tag.step.tag, bytes, media_type);
        set_state(tag, State::written);
        const std::lock_guard lock(mutex_);
        bytes_ += bytes.size();
    } catch (Error& error) {
        if (!is_written_after_all(tag, error)) {
            const std::lock_guard lock(mutex_);
            failed_ = true;
            throw;
        }
    }
    on_written();
}

/// An answer may be lost after the registry acted, and a tag that may not be written may be right: what the registry
/// shows decides. Where it does not say either, nobody knows, and the tag stays on its way.
bool TagWriter::is_written_after_all(Tag& tag, Error& error) {
    if (error.exit == Exit::cancelled || tag.state == State::untouched) return false;
    std::optional<Digest> now;
    try {
        now = ask_tag(client_, host_, tag.step.repository, tag.step.tag);
    } catch (const Error&) {
        return false;
    }
    set_state(tag, now == tag.step.digest ? State::written : State::untouched);
    if (now == tag.step.digest) return true;
    if (now) {
        error.problems.push_back({{},
                                  fmt::format("{} names {} still", name_of(tag.step), now->brief()),
                                  "the registry may keep this tag immutable, or the credentials may not move it"});
    }
    return false;
}

/// Looks until the registry shows our digest. Its former digest, or none, is a registry that lags; any other is
/// somebody else's.
void TagWriter::verify(const Step& step) {
    for (std::size_t look = 0;; ++look) {
        const std::optional<Digest> now = ask_tag(client_, host_, step.repository, step.tag);
        if (now == step.digest) return;
        if (now && now != step.before) refuse_other_writer(name_of(step), *now);
        if (look == verification_waits.size()) break;
        world_.clock.sleep(verification_waits.at(look));
    }
    const std::lock_guard lock(mutex_);
    warnings_.push_back({{},
                         name_of(step) + " is written and not yet visible",
                         "the registry lags behind: look again in a minute",
                         Level::warning});
}

std::string TagWriter::bytes_of(const Step& step) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto known = indexes_.find(step.digest); known != indexes_.end()) return known->second;
    }
    std::string bytes = load_manifest(client_, host_, step.repository, step.digest);
    const std::lock_guard lock(mutex_);
    return indexes_.insert_or_assign(step.digest, std::move(bytes)).first->second;
}

std::size_t TagWriter::written() const {
    const std::lock_guard lock(mutex_);
    std::size_t in_order = 0;
    while (in_order < tags_.size() && tags_[in_order].state == State::written) ++in_order;
    return in_order;
}

std::string TagWriter::render_visible() const {
    const auto count = [&](StepKind kind, auto&& is) {
        return std::count_if(tags_.begin(), tags_.end(),
                             [&](const Tag& tag) { return tag.step.kind == kind && is(tag.state); });
    };
    const auto all = [](State) { return true; };
    const auto done = [](State state) { return state == State::written; };
    const auto begun = [](State state) { return state != State::untouched; };
    const StepKind version = StepKind::write_version_tag;
    const StepKind moving = StepKind::move_tag;
    if (count(version, begun) + count(moving, begun) == 0) return "Nothing visible changed.";

    std::vector<std::string> parts;
    if (count(version, all) > 0)
        parts.push_back(fmt::format("{} of {} version tags written", count(version, done), count(version, all)));
    if (count(moving, begun) == 0) {
        parts.push_back("no alias moved");
    } else {
        parts.push_back(fmt::format("{} of {} aliases moved", count(moving, done), count(moving, all)));
    }
    for (const Tag& tag : tags_) {
        if (tag.state == State::on_its_way) parts.push_back("perhaps also " + name_of(tag.step));
    }
    return joined(parts, ", ") + ".";
}

void TagWriter::tell_visible(Error& error) const {
    const std::lock_guard lock(mutex_);
    Problems problems = {{{}, render_visible(), run_again}};
    for (const Problem& problem : error.problems) {  // several uploads that fail for one reason are told once
        if (std::find(problems.begin(), problems.end(), problem) == problems.end()) problems.push_back(problem);
    }
    std::vector<std::string> untouched;
    for (const Tag& tag : tags_) {
        if (tag.state == State::untouched) untouched.push_back(name_of(tag.step));
    }
    if (!untouched.empty()) problems.push_back({{}, "not touched: " + joined(untouched, ", "), "", Level::notice});
    error.problems = std::move(problems);
}

}  // namespace registry
