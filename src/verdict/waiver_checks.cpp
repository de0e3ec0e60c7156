// The entries of a policy that ended, will end soon, matched nothing in a run, or are given twice.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "verdict/verdict.h"

namespace {

constexpr std::chrono::days soon(14);

/// What one entry covered in all images.
struct Use {
    std::size_t covered = 0;   ///< findings
    std::size_t outlived = 0;  ///< of these, findings in images whose base was rebuilt since: "until" is over
    std::string advisory_of;   ///< it names an advisory, and this vulnerability goes by it
};

std::string describe(const Waiver& waiver) {
    return "the exception for " + waiver.id + (waiver.package.empty() ? "" : " in " + waiver.package);
}

void warn(Problems& notes, const Place& at, const std::string& what, const std::string& hint,
          Level level = Level::warning) {
    notes.push_back({at, what, hint, level});
}

Use count_use(const Waiver& waiver, const std::vector<Verdict>& verdicts) {
    Use use;
    for (const Verdict& verdict : verdicts) {
        for (const Finding* finding : gated_findings(verdict)) {
            const std::vector<std::string>& advisories = finding->advisories;
            if (std::ranges::find(advisories, waiver.id) != advisories.end()) use.advisory_of = finding->id;
            if (!covers_finding(waiver, *finding, verdict.target)) continue;
            ++use.covered;
            if (is_ended_by_base(waiver, verdict.base_rebuilt, verdict.base_created)) ++use.outlived;
        }
    }
    return use;
}

/// Warns of an exception or a scope without a last day, or whose last day is over or near.
void check_last_day(const std::string& name, const Place& at, const std::optional<Date>& last, std::size_t covered,
                    Date today, Problems& notes) {
    const std::string hint = "decide again with a new date, or remove it";
    if (!last) {
        warn(notes, at, name + " has no date, so it is never reviewed",
             "add review_by, the last day on which it holds");
    } else if (*last < today) {
        warn(notes, at,
             fmt::format("{} ended on {} and no longer applies{}", name, render_date(*last),
                         covered == 0 ? "" : "; it would cover " + counted(covered, "finding")),
             hint);
    } else if (*last == today) {
        warn(notes, at, fmt::format("{} holds for the last time today ({})", name, render_date(*last)), hint);
    } else if (*last <= today + soon) {
        const std::string days = counted(static_cast<std::size_t>((*last - today).count()), "day");
        warn(notes, at, fmt::format("{} ends in {}, after {}", name, days, render_date(*last)), hint);
    }
}

/// In a run of some images only, what matches nothing may well be for another image.
void warn_unused(const std::string& name, const Place& at, Judged judged, Problems& notes) {
    const bool all = judged == Judged::all_images;
    warn(notes, at, name + " matches nothing in " + (all ? "any image" : "what was judged here"),
         all ? "remove it" : "remove it, unless another image needs it", all ? Level::warning : Level::notice);
}

void check_effect(const Waiver& waiver, const Use& use, Judged judged, Problems& notes) {
    if (use.covered == 0 && !use.advisory_of.empty()) {
        warn(notes, waiver.at,
             fmt::format("{} covers nothing: an advisory may stand for several vulnerabilities", describe(waiver)),
             "name the vulnerability: " + use.advisory_of);
    } else if (use.covered == 0 && judged == Judged::unknown_targets && !waiver.targets.empty()) {
        warn(notes, waiver.at,
             fmt::format("{} is for targets: [{}], and nothing says here which target the image is", describe(waiver),
                         joined(waiver.targets, ", ")),
             "omit targets where images have none");
    } else if (use.covered == 0) {
        warn_unused(describe(waiver), waiver.at, judged, notes);
    } else if (use.outlived > 0) {
        warn(notes, waiver.at,
             fmt::format("the base was rebuilt, so {} no longer applies to {}", describe(waiver),
                         counted(use.outlived, "finding")),
             "build on the new base, then remove it");
    }
}

bool says_the_same(const Waiver& a, const Waiver& b) {
    const auto names_b = [&](const std::string& id) {
        return id == b.id || std::ranges::find(b.aliases, id) != b.aliases.end();
    };
    return (names_b(a.id) || std::ranges::any_of(a.aliases, names_b)) && a.package == b.package &&
           a.package_version == b.package_version && a.paths == b.paths && a.line == b.line && a.targets == b.targets;
}

/// Whether an entry above this one says the same under one of its names.
void check_duplicate(const std::vector<Waiver>& waivers, const Waiver& waiver, Problems& notes) {
    const auto twin = std::ranges::find_if(waivers, [&](const Waiver& w) { return says_the_same(w, waiver); });
    if (&*twin == &waiver) return;  // at the latest it is found itself
    const bool contradicts = twin->review_by != waiver.review_by;
    warn(notes, waiver.at,
         fmt::format("{} is already in {}:{}{}", describe(waiver), twin->at.file, twin->at.line,
                     contradicts ? ", with another date" : ""),
         contradicts ? "keep one of the two: the later date holds as long as both are there" : "remove one of the two");
}

void check_pause(const ScannerPause& pause, Date today, Problems& notes) {
    const std::string name = render_scanner(pause.scanner);
    const std::string until = render_date(pause.until);
    if (pause.until < today)
        warn(notes, pause.at, fmt::format("the pause of {} ended on {}: it counts again", name, until),
             "remove the entry");
    else
        warn(notes, pause.at,
             fmt::format("{} is off until {} ({}, {}): what only it sees is not known", name, until, pause.owner,
                         pause.reason),
             "remove the entry as soon as it works again");
}

}  // namespace

Problems check_waivers(const Policy& policy, const std::vector<Verdict>& verdicts, Date today, Judged judged) {
    // Only where every scan counts, and no scanner is off, is it known what an entry covers.
    const bool complete = !verdicts.empty() && std::ranges::all_of(verdicts, [](const Verdict& verdict) {
        return verdict.outcome != Outcome::unknown && verdict.paused.empty();
    });
    const bool base_known = verdicts.empty() || std::ranges::any_of(verdicts, [](const Verdict& verdict) {
                                return verdict.base_rebuilt || verdict.base_created;
                            });
    Problems notes;
    for (const Waiver& waiver : policy.waivers) {
        const Use use = count_use(waiver, verdicts);
        if (waiver.review_by || !waiver.until_base_rebuilt)
            check_last_day(describe(waiver), waiver.at, waiver.review_by, use.covered, today, notes);
        else if (!base_known)
            warn(notes, waiver.at,
                 describe(waiver) + " has no end here, where it is not known when the base was rebuilt",
                 "add review_by, the last day on which it holds");
        if (complete && !has_ended(waiver.review_by, today)) check_effect(waiver, use, judged, notes);
        check_duplicate(policy.waivers, waiver, notes);
    }
    for (const Scope& scope : policy.scopes) {
        const std::string name = "the scope \"" + scope.id + "\"";
        check_last_day(name, scope.at, scope.review_by, 0, today, notes);
        const bool used = std::ranges::any_of(verdicts, [&](const Verdict& verdict) {
            return std::ranges::any_of(gated_findings(verdict), [&](const Finding* finding) {
                return covers_place(scope, *finding, verdict.target);
            });
        });
        if (!used && complete && !has_ended(scope.review_by, today)) warn_unused(name, scope.at, judged, notes);
    }
    for (const ScannerPause& pause : policy.pauses) check_pause(pause, today, notes);
    return sorted_by_place(notes);
}
