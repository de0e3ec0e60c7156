#include "registry/push.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/text.h"
#include "base/version.h"
#include "publication/versions.h"
#include "registry/existing_tags.h"
#include "registry/manifests.h"
#include "system/cancellation.h"
#include "system/parallel.h"
#include "system/timings.h"

namespace registry {

namespace {

using namespace std::chrono_literals;

/// Docker Hub and GHCR lag seconds behind what was written to them.
constexpr std::array<std::chrono::milliseconds, 5> verification_waits = {500ms, 1s, 2s, 4s, 8s};
constexpr std::size_t side_by_side = 4;
constexpr int max_rewrites = 3;
constexpr const char* one_at_a_time = "let only one run publish at a time (concurrency in the workflow)";

[[noreturn]] void refuse_other_writer(const std::string& name, const Digest& theirs) {
    throw Error{Exit::failed, fmt::format("{} was moved by another run to {}", name, theirs.text()),
                std::string(one_at_a_time) + ", then run it again"};
}

/// In this order.
enum class State { untouched, pending, written };

struct Tag {
    const Step& step;
    std::atomic<State> state = State::untouched;
    std::optional<Version> newer{};  ///< the newer DEFRA_VERSION that it names now, and keeps

    explicit Tag(const Step& of) : step(of) {}
};

using Tags = std::vector<Tag*>;

std::string name_of(const Step& step) {
    return step.repository + ":" + step.tag;
}

struct Push {
    const World& world;
    Client& client;
    const Publication& publication;
    const PublicationSources& sources;
    const PushSettings& settings;
    const std::string& host = settings.host;
    std::set<Digest> our_digests{};
    std::deque<Tag> all_tags{};
    Tags version_tags{};
    Tags moving_tags{};
    std::atomic<bool> failed = false;
    std::atomic<bool> same_version_elsewhere = false;  ///< another run published this version
    std::mutex mutex{};                                ///< guards note_done and what follows
    Pushed pushed{};
    std::map<Digest, std::string> indexes{};  ///< ours, and those that other runs gave the tags meanwhile

    Pushed run() {
        const std::size_t before = client.requests();
        for (const auto& [name, text] : sources.indexes) indexes.emplace(*our_digests.insert(sha256(text)).first, text);
        for (const Step& step : publication.steps) {
            if (step.tag.empty()) continue;
            Tag& tag = all_tags.emplace_back(step);
            (step.kind == StepKind::move_tag ? moving_tags : version_tags).push_back(&tag);
        }
        try {
            in_time("blobs and manifests",
                    [&] { pushed = store_content(client, world.files, host, publication, sources, settings.jobs); });
            note_written();
            in_time("version tags", [&] { write_version_tags(); });
            in_time("moving tags", [&] { move_tags(); });
        } catch (Error& error) {
            restore_version_tags();
            describe_visible(error);
            throw;
        }
        pushed.requests = client.requests() - before;
        return pushed;
    }

    void in_time(const char* what, const std::function<void()>& work) const {
        const TimedTask task(world, "publish", what);
        work();
    }

    void note_written() {
        const std::lock_guard lock(mutex);
        const auto written = std::ranges::find_if(all_tags, [](const Tag& tag) { return tag.state != State::written; });
        const auto ahead = static_cast<std::size_t>(all_tags.end() - written);
        if (settings.note_done) settings.note_done(publication.steps.size() - ahead);
    }

    std::optional<Digest> ask(const Step& step) { return ask_tag(client, host, step.repository, step.tag); }

    /// The first one alone. Every tag was seen when this returns.
    void write_version_tags() {
        if (version_tags.empty()) return;
        write_and_verify({version_tags.front()});
        write_and_verify({version_tags.begin() + 1, version_tags.end()});
    }

    /// Forwards only. Another run shows itself by any one of several moving tags; where there is only one to move, by
    /// the list of tags, which is asked for before and after.
    void move_tags() {
        if (moves_one_tag()) refuse_if_newer_is_published(moving_tags.front()->step);
        write_and_verify(moving_tags);
        keep_first_version_tag();
        restore_moving_tags();
    }

    /// The repositories in parallel, the tags of each one after the other: another run is certain to be seen only if
    /// one tag is read after another was written. Where no repository has two tags, none is parallel.
    void write_and_verify(const Tags& tags) {
        std::map<std::string, Tags> by_repository;
        for (Tag* tag : tags) by_repository[tag->step.repository].push_back(tag);
        if (by_repository.size() == tags.size()) by_repository = {{"", tags}};
        std::vector<std::function<void()>> writes;
        for (const auto& [repository, theirs] : by_repository) {
            writes.emplace_back([this, &theirs = theirs] { write_in_order(theirs); });
        }
        in_parallel(side_by_side, writes);
        in_parallel(side_by_side, tags.size(), [&](std::size_t i) { verify(*tags[i]); });
    }

    /// Nothing new is begun after a failure.
    void write_in_order(const Tags& tags) {
        try {
            for (Tag* tag : tags) {
                if (failed) return;
                write_one(*tag);
                note_written();
            }
        } catch (...) {
            failed = true;
            throw;
        }
    }

    /// Reads, decides and writes until the tag is ours, or keeps a newer version. After a failure, too, what the
    /// registry shows decides: it may have acted although its response was lost.
    void write_one(Tag& tag) {
        const Step& step = tag.step;
        Attempts attempts;
        std::optional<Digest> now = read_before_write(step);
        while (now != step.digest && may_write(tag, now)) {
            stop_if_cancelled();
            tag.state = State::pending;
            const TagPut put = put_index(step, step.digest);
            if (put.taken) {
                now = step.digest;
                break;
            }
            const bool is_retried =
                is_worth_a_retry(put.response.status) || (put.is_worth_a_second_look && attempts.made == 0);
            const bool is_last = !is_retried || !client.wait_for_next(attempts, host, put.response);
            now = read_after_failure(tag, put);
            if (is_last && now != step.digest) refuse_put(step, put, now);
        }
        if (now == step.digest) tag.state = State::written;
    }

    std::optional<Digest> read_before_write(const Step& step) {
        return ask_tag(client, host, step.repository, step.tag, step.before ? TagRead::head_then_get : TagRead::get);
    }

    /// Where the registry does not say what the tag names, the tag stays pending.
    std::optional<Digest> read_after_failure(Tag& tag, const TagPut& put) {
        std::optional<Digest> now;
        if (failure_of([&] { now = read_before_write(tag.step); })) refuse_push(client, put.call, put.response);
        if (now != tag.step.digest) tag.state = State::untouched;
        return now;
    }

    [[noreturn]] void refuse_put(const Step& step, const TagPut& put, const std::optional<Digest>& now) const {
        try {
            refuse_push(client, put.call, put.response);
        } catch (Error& error) {
            if (now) {
                add(error.problems, {}, fmt::format("{} names {} still", name_of(step), now->brief()),
                    "the registry may keep this tag immutable, or the credentials may not move it");
            }
            throw;
        }
    }

    /// Whether the tag may be written over what it names now, which is not our digest. False for a newer version.
    bool may_write(Tag& tag, const std::optional<Digest>& now) {
        const Step& step = tag.step;
        if (now == step.before) return true;
        if (!now) throw Error{Exit::failed, name_of(step) + " was there and is gone", "run it again"};
        if (step.kind == StepKind::write_version_tag) refuse_version(tag, load_tag(step, *now));
        if (!publication.reason.empty()) refuse_other_writer(name_of(step), *now);
        if (our_digests.contains(*now)) return true;  // of another image: this run decides which one it names

        const ExistingTag theirs = load_tag(step, *now);
        const std::optional<Version> their_version = parse_version(theirs.version);
        const std::optional<Version> our_version = parse_version(load_tag(step, step.digest).version);
        if (!their_version || !our_version) refuse_other_writer(name_of(step), *now);
        if (*their_version == *our_version) refuse_version(tag, theirs);
        if (*their_version < *our_version) return true;
        keep_newer(tag, *their_version);
        return false;
    }

    /// Another run published our version meanwhile, or the registry did not show it when it was asked before.
    [[noreturn]] void refuse_version(Tag& tag, const ExistingTag& theirs) {
        refuse_rewriting(tag.step, theirs.index);
        tag.state = State::untouched;
        same_version_elsewhere = true;
        const bool same_inputs = theirs.inputs && theirs.inputs == load_tag(tag.step, tag.step.digest).inputs;
        const std::string what = fmt::format("{} names {} now, ", name_of(tag.step), theirs.index.brief());
        if (same_inputs) {
            throw Error{Exit::failed, what + "which was made from the same inputs: another run published this version",
                        "run it again: it goes on from what is published"};
        }
        throw Error{Exit::refused, what + "which was made from other inputs: this version is published already",
                    std::string("raise DEFRA_VERSION, and ") + one_at_a_time};
    }

    /// The same index in other bytes is no other run's.
    void refuse_rewriting(const Step& step, const Digest& shown) {
        const Manifest theirs = parse_manifest(bytes_of(step, shown), name_of(step));
        const Manifest ours = parse_manifest(bytes_of(step, step.digest), name_of(step));
        if (theirs.annotations != ours.annotations ||
            !std::ranges::equal(theirs.children, ours.children, {}, &Descriptor::digest, &Descriptor::digest))
            return;
        throw Error{Exit::failed,
                    fmt::format("{} names {}, which is our index in other bytes: the registry rewrites what it is sent",
                                name_of(step), shown.brief()),
                    "do not use this registry, or the proxy in between"};
    }

    /// A registry may accept a tag and lose it: it is written a second time, which changes nothing where it only lags.
    void verify(Tag& tag) {
        if (is_seen(tag)) return;
        write_one(tag);
        if (is_seen(tag)) return;
        tag.state = State::pending;
        throw Error{Exit::failed, name_of(tag.step) + " was written twice, and the registry does not show it",
                    "it may lag behind what is written to it: wait a minute, then run it again"};
    }

    /// Polls until the tag resolves to our digest, or keeps a newer version. The previous digest, or 404, means
    /// replication lag; an older version means a concurrent run, over which the tag is written again.
    bool is_seen(Tag& tag) {
        const Step& step = tag.step;
        int rewrites = 0;
        for (std::size_t look = 0; tag.state == State::written;) {
            const std::optional<Digest> now = ask(step);
            if (now == step.digest) return true;
            if (now && now != step.before) {
                if (!may_write(tag, now)) return true;
                if (++rewrites > max_rewrites) refuse_other_writer(name_of(step), *now);
                write_one(tag);
            } else if (look == verification_waits.size()) {
                return false;
            } else {
                world.clock.sleep(verification_waits.at(look++));
            }
        }
        return true;
    }

    /// A run that read the first version tag before we wrote it may have written it since. It has then found our other
    /// version tags, and ends. Where there are none, it goes on: what it wrote stays.
    void keep_first_version_tag() {
        if (version_tags.empty()) return;
        const Step& step = version_tags.front()->step;
        const std::optional<Digest> now = ask(step);
        if (!now || now == step.digest) return;
        if (version_tags.size() == 1) give_way(*version_tags.front(), *now);
        if (const TagPut put = put_index(step, step.digest); !put.taken) refuse_put(step, put, now);
        const std::string what = fmt::format("{} was overwritten by another run with {}, and names {} again",
                                             name_of(step), now->brief(), step.digest.brief());
        add(pushed.warnings, {}, what, one_at_a_time, Level::warning);
    }

    /// The moving tags follow the version tag, which names what another run wrote.
    [[noreturn]] void give_way(Tag& version_tag, const Digest& theirs) {
        for (Tag* moving : moving_tags) {
            const Step& step = moving->step;
            if (moving->state != State::written || step.digest != version_tag.step.digest) continue;
            if (ask(step) == step.digest) put_index(step, theirs);
            moving->state = State::untouched;
        }
        refuse_version(version_tag, load_tag(version_tag.step, theirs));
    }

    /// This run lost against another one of the same version, and may have overwritten a version tag that the registry
    /// reported absent a moment before. The moving tags show what that tag named, if the other run came so far; if not,
    /// it looks after the tag itself (keep_first_version_tag).
    void restore_version_tags() {
        if (!same_version_elsewhere) return;
        for (Tag* tag : version_tags) {
            if (tag->state != State::written) continue;
            for (const Tag* moving : moving_tags) {
                if (moving->step.repository != tag->step.repository || moving->step.digest != tag->step.digest)
                    continue;
                try {
                    if (restore(*tag, moving->step)) break;
                } catch (const Error&) {  // that this run lost is the error to report
                }
            }
        }
    }

    /// False if the moving tag does not show the other run's image.
    bool restore(Tag& version_tag, const Step& moving) {
        const Step& step = version_tag.step;
        const auto shown = ask(moving);
        if (!shown || shown == step.digest) return false;
        const ExistingTag ours = load_tag(step, step.digest);
        const ExistingTag theirs = load_tag(step, *shown);
        if (theirs.version != ours.version || theirs.title != ours.title) return false;
        if (ask(step) == step.digest) put_index(step, *shown);
        version_tag.state = State::untouched;
        return true;
    }

    /// Some moving tags name a newer version by now. Those that we wrote at the same time may have named it, too.
    void restore_moving_tags() {
        std::optional<Version> newest;
        for (const Tag* tag : moving_tags) newest = std::max(newest, tag->newer);
        if (!newest && !moves_one_tag()) return;
        Problems problems;
        for (Tag* tag : moving_tags) {
            if (tag->newer) continue;
            const std::optional<Error> error = failure_of([&] { restore(*tag, newest); });
            if (error) append(problems, error->problems);
        }
        std::vector<std::string> lost;
        for (const Tag* tag : moving_tags) {
            newest = std::max(newest, tag->newer);
            if (tag->newer) lost.push_back(name_of(tag->step));
        }
        if (newest) {
            problems.insert(problems.begin(),
                            {{},
                             fmt::format("another run published {} meanwhile, which is newer, and keeps {}",
                                         render_version(*newest), joined(lost, ", ")),
                             std::string("nothing has to be done for these tags; ") + one_at_a_time});
        }
        if (!problems.empty()) throw Error{Exit::failed, problems};
    }

    /// Moves the tag to what the newer version published under it, if it did.
    void restore(Tag& moving_tag, const std::optional<Version>& newest) {
        const Step& step = moving_tag.step;
        const std::optional<std::string> name = find_newer(step, newest);
        const auto theirs = name ? ask_tag(client, host, step.repository, *name) : std::nullopt;
        if (!theirs) return;
        if (ask(step) == step.digest) {
            const TagPut put = put_index(step, *theirs);
            if (!put.taken) refuse_push(client, put.call, put.response);
        }
        keep_newer(moving_tag, parse_version_tag(*name)->version);
    }

    /// False for a rollback, which moves tags to an older version on purpose.
    bool moves_one_tag() const { return publication.reason.empty() && moving_tags.size() == 1; }

    /// The version tag of what a newer version published, or is about to publish, under this moving tag.
    std::optional<std::string> find_newer(const Step& step, const std::optional<Version>& limit) {
        const ExistingTag ours = load_tag(step, step.digest);
        const std::optional<Version> version = parse_version(ours.version);
        const std::optional<Version> python = parse_version(ours.title.substr(0, ours.title.find('-')));
        if (!version || !python) return std::nullopt;
        return find_newer_version_tag(list_tags(client, host, step.repository), {*version, *python}, step.tag, limit);
    }

    /// The other run may move the tag between our reading and writing it. Nothing would show that afterwards: what it
    /// published later than this is found by restore_moving_tags.
    void refuse_if_newer_is_published(const Step& step) {
        const std::optional<std::string> newer = find_newer(step, std::nullopt);
        if (!newer) return;
        throw Error{
            Exit::failed, fmt::format("{} was not moved: {} is published, which is newer", name_of(step), *newer),
            "if another run is publishing it at this moment, nothing has to be done; if not, raise DEFRA_VERSION "
            "above it"};
    }

    TagPut put_index(const Step& step, const Digest& index) {
        const std::string text = bytes_of(step, index);
        TagPut put = put_tag(client, host, step.repository, step.tag, text);
        const std::lock_guard lock(mutex);
        if (put.taken) pushed.bytes += text.size();
        return put;
    }

    ExistingTag load_tag(const Step& step, const Digest& index) {
        return make_existing_tag(step.repository, step.tag, index,
                                 parse_manifest(bytes_of(step, index), name_of(step)));
    }

    std::string bytes_of(const Step& step, const Digest& index) {
        {
            const std::lock_guard lock(mutex);
            if (const auto known = indexes.find(index); known != indexes.end()) return known->second;
        }
        std::string bytes = load_manifest(client, host, step.repository, index);
        const std::lock_guard lock(mutex);
        return indexes.insert_or_assign(index, std::move(bytes)).first->second;
    }

    static void keep_newer(Tag& tag, const Version& version) {
        tag.newer = version;
        tag.state = State::untouched;
    }

    std::string render_visible() const {
        const auto count = [](const Tags& tags, State least) {
            return std::ranges::count_if(tags, [&](const Tag* tag) { return tag->state >= least; });
        };
        const auto moved = count(moving_tags, State::pending);
        if (count(version_tags, State::pending) + moved == 0) return nothing_visible;

        std::vector<std::string> parts;
        if (!version_tags.empty())
            parts.push_back(
                fmt::format("{} of {} version tags written", count(version_tags, State::written), version_tags.size()));
        parts.push_back(moved == 0 ? "no moving tag moved"
                                   : fmt::format("{} of {} moving tags moved", count(moving_tags, State::written),
                                                 moving_tags.size()));
        for (const Tag& tag : all_tags) {
            if (tag.state == State::pending) parts.push_back("perhaps also " + name_of(tag.step));
        }
        return joined(parts, ", ") + ".";
    }

    /// Puts what is visible now in front of the problems, and what was not touched behind them.
    void describe_visible(Error& error) {
        Problems problems = {{{}, render_visible(), run_again_hint}};
        for (const Problem& problem : error.problems) {  // several uploads that fail for one reason are reported once
            if (std::ranges::find(problems, problem) == problems.end()) problems.push_back(problem);
        }
        std::vector<std::string> untouched;
        for (const Tag& tag : all_tags) {
            if (tag.state == State::untouched && !tag.newer) untouched.push_back(name_of(tag.step));
        }
        if (!untouched.empty()) add(problems, {}, "not touched: " + joined(untouched, ", "), "", Level::notice);
        error.problems = std::move(problems);
    }
};

}  // namespace

Pushed run_publication_to_registry(const World& world, Client& client, const Publication& publication,
                                   const PublicationSources& sources, const PushSettings& settings) {
    return Push{world, client, publication, sources, settings}.run();
}

}  // namespace registry
