#include "report/page_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/html.h"
#include "report/words.h"

namespace {

constexpr std::ptrdiff_t todo_shown = 12;

std::string render_tally(const Counts& counts) {
    const auto part = [](std::size_t count, std::string_view name, std::string_view kind) {
        return fmt::format("<div><dt>{}</dt><dd{}>{}</dd></div>", name,
                           count > 0 && !kind.empty() ? fmt::format(" class=\"{}\"", kind) : "", count);
    };
    return element("dl",
                   part(counts.blocking, "blocking", "bad") + part(counts.waived, "accepted", "") +
                       part(counts.reported, "not gated", ""),
                   "tally");
}

std::string render_card(const ImageRun& image) {
    const Mood mood = mood_of(image);
    const std::string_view kind = mood == Mood::good ? "good" : mood == Mood::bad ? "bad" : "warning";
    const std::string_view sign = mood == Mood::good ? "✓" : mood == Mood::bad ? "✕" : "!";
    const bool broken = fails_contract(image);
    std::string inner = element("h3", escape_html(image.image)) + element("p", escape_html(image.platform), "soft");
    inner += element("p", fmt::format("{} {}", sign, render_status(image)), fmt::format("status {}", kind)) +
             render_tally(count_findings(image));
    if (broken) inner += element("p", element("span", "✕ contract: " + render_kept(*image.contract), "status bad"));
    if (image.contract && !broken) {
        const std::string by = image.contract->reused ? ", tested by " + escape_html(image.contract->tested_by) : "";
        inner += element("p", "✓ contract passed" + by);
    }
    if (image.verdict) {
        for (const std::string& reason : image.verdict->unknown_because)
            inner += element("p", escape_html(reason, longest_text), "small");
        inner += element("p", html_code(image.verdict->manifest.brief()), "soft");
    }
    return element("article", inner, fmt::format("card {}", broken ? "bad" : kind)) + "\n";
}

constexpr int days_soon = 14;
constexpr int days_full = 90;  ///< a full meter

/// An accepted risk, a loosened scope or a scanner that is off: whatever ends on a day.
struct Term {
    std::string what;
    std::string why;
    std::string owner;
    std::string until;
    std::optional<Date> last;
    std::string used;
    Place at;
};

std::string render_use(const Waiver& waiver, const Run& run) {
    std::set<std::string> findings;
    std::set<const ImageRun*> images;
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const WaivedFinding& waived : image.verdict->waived) {
            if (waived.waiver.at != waiver.at || waived.waiver.id != waiver.id) continue;
            findings.insert(waived.finding.key());
            images.insert(&image);
        }
    }
    return findings.empty() ? "nothing"
                            : counted(findings.size(), "finding") + " in " + counted(images.size(), "image");
}

/// "CVE-2026-1 in openssl 3.0.15 (path /app/**, target production)"
std::string render_covered(const Waiver& waiver) {
    const std::string version = waiver.package_version.empty() ? "" : " " + waiver.package_version;
    const std::string package = waiver.package.empty() ? "" : " in " + waiver.package + version;
    std::vector<std::string> conditions;
    if (!waiver.paths.empty()) conditions.push_back("path " + joined(waiver.paths, " or "));
    if (!waiver.targets.empty()) conditions.push_back("target " + joined(waiver.targets, " or "));
    return waiver.id + package + (conditions.empty() ? "" : " (" + joined(conditions, ", ") + ")");
}

Term term_of(const Waiver& waiver, const Run& run) {
    return {.what = render_covered(waiver),
            .why = render_reason(waiver),
            .owner = render_owner(waiver),
            .until = render_waiver_until(waiver),
            .last = waiver.review_by,
            .used = render_use(waiver, run),
            .at = waiver.at};
}

Term term_of(const Scope& scope) {
    std::vector<std::string> where = scope.paths;
    where.insert(where.end(), scope.packages.begin(), scope.packages.end());
    where.insert(where.end(), scope.targets.begin(), scope.targets.end());
    return {.what = "Scope " + scope.id + ": blocks from " + render_severity(scope.gate_from) + " on in " +
                    joined(where, ", "),
            .why = scope.reason,
            .until = scope.review_by ? "until " + render_date(*scope.review_by) : "without a date",
            .last = scope.review_by,
            .at = scope.at};
}

Term term_of(const ScannerPause& pause) {
    return {.what = render_scanner(pause.scanner) + " is off",
            .why = pause.reason,
            .owner = pause.owner,
            .until = "until " + render_date(pause.until),
            .last = pause.until,
            .at = pause.at};
}

std::vector<Term> terms_of(const Run& run) {
    std::vector<Term> terms;
    for (const Waiver& waiver : run.policy.waivers) terms.push_back(term_of(waiver, run));
    for (const Scope& scope : run.policy.scopes) terms.push_back(term_of(scope));
    for (const ScannerPause& pause : pauses_of(run)) terms.push_back(term_of(pause));
    std::ranges::stable_sort(terms, [](const Term& a, const Term& b) {
        return a.last.value_or(Date::max()) < b.last.value_or(Date::max());
    });
    return terms;
}

std::string render_days(const Term& term, Date today) {
    const auto days = term.last ? (*term.last - today).count() : 0;
    const std::string_view kind = !term.last || days < 0 ? "over" : days <= days_soon ? "soon" : "fine";
    const double width =
        !term.last ? 0 : 100.0 * static_cast<double>(std::clamp<decltype(days)>(days, 0, days_full)) / days_full;
    return element("span", render_days_left(term.last, today), fmt::format("days {}", kind)) +
           fmt::format(
               "<svg class=\"meter\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect "
               "class=\"fill-rest\" "
               "width=\"100\" height=\"4\"/><rect class=\"{}\" width=\"{:.0f}\" height=\"4\"/></svg>",
               kind, width) +
           element("span", escape_html(term.until), "state");
}

struct Bar {
    std::string label;
    Counts counts;
};

/// The drawing is 1000 units wide and scales with its column. The smallest part stays visible.
std::string render_bar(const Counts& counts, std::size_t longest) {
    constexpr double full = 1000;
    double x = 0;
    std::string parts;
    const auto add = [&](std::size_t part, std::string_view kind) {
        if (part == 0) return;
        const double width = std::max(8.0, full * static_cast<double>(part) / static_cast<double>(longest));
        parts +=
            fmt::format("<rect class=\"fill-{}\" x=\"{:.1f}\" width=\"{:.1f}\" height=\"16\"/>", kind, x, width - 3);
        x += width;
    };
    add(counts.blocking, "blocking");
    add(counts.pre_existing, "pre-existing");
    add(counts.waived, "waived");
    add(counts.reported, "reported");
    return fmt::format(
        "<svg viewBox=\"0 0 {:.1f} 16\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">{}</svg>",
        std::max(full, x), render_counts(counts), parts);
}

std::string render_chart(const std::string& title, const std::vector<Bar>& bars) {
    std::size_t longest = 1;
    for (const Bar& bar : bars) longest = std::max(longest, bar.counts.all());
    std::string rows;
    for (const Bar& bar : bars) {
        rows += fmt::format("<tr><th scope=\"row\">{}</th><td title=\"{}\">{}</td><td>{}</td></tr>\n", bar.label,
                            render_counts(bar.counts), render_bar(bar.counts, longest), bar.counts.all());
    }
    return "<div><h3>" + title + "</h3><table class=\"chart\"><tbody>\n" + rows + "</tbody></table></div>\n";
}

std::vector<Bar> bars_by_severity(const std::vector<FindingRow>& rows) {
    std::vector<Bar> bars;
    for (int rank = static_cast<int>(Severity::critical); rank >= static_cast<int>(Severity::unknown); --rank) {
        const Severity severity = static_cast<Severity>(rank);
        Bar bar{render_severity(severity), {}};
        for (const FindingRow& row : rows) {
            if (row.finding->severity == severity) count_state(bar.counts, row.state);
        }
        if (bar.counts.all() > 0 || severity >= Severity::medium) bars.push_back(bar);
    }
    return bars;
}

std::vector<Bar> bars_by_action(const std::vector<FindingRow>& rows) {
    std::map<std::string, Counts> by_kind;
    for (const FindingRow& row : rows)
        count_state(by_kind[row.remedy != nullptr ? row.remedy->kind : "no advice"], row.state);
    std::vector<Bar> bars;
    for (const auto& [kind, counts] : by_kind) bars.push_back({escape_html(kind, 40), counts});
    std::ranges::stable_sort(bars, [](const Bar& a, const Bar& b) {
        return std::pair(a.counts.blocking, a.counts.all()) > std::pair(b.counts.blocking, b.counts.all());
    });
    return bars;
}

std::string render_legend(const std::vector<FindingRow>& rows) {
    const auto entry = [](std::string_view kind, FindingState state) {
        return fmt::format(
            "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"fill-{}\" width=\"10\" "
            "height=\"10\"/></svg>{}</li>",
            kind, render_state(state));
    };
    const bool pre_existing = std::ranges::find(rows, FindingState::pre_existing, &FindingRow::state) != rows.end();
    return "<ul class=\"legend\">" + entry("blocking", FindingState::blocking) +
           (pre_existing ? entry("pre-existing", FindingState::pre_existing) : "") +
           entry("waived", FindingState::waived) + entry("reported", FindingState::reported) + "</ul>\n";
}

}  // namespace

std::string render_todo(const std::vector<ToDo>& todo) {
    if (todo.empty()) return element("p", "Nothing.", "nothing");
    std::string items;
    std::string more;  // beyond these the images would be many screens down
    for (const ToDo& item : todo) {
        const std::string place = item.at.file.empty() ? "" : html_code(render_place(item.at));
        const std::string because = escape_html(item.because, longest_text);
        (&item - todo.data() < todo_shown ? items : more) +=
            element("li", element("div", element("b", escape_html(item.text, longest_text)) +
                                             element("span", because + (because.empty() || place.empty() ? "" : " · ") +
                                                                 place))) +
            "\n";
    }
    const std::size_t hidden = todo.size() - std::min<std::size_t>(todo.size(), todo_shown);
    return element("ol", items, "todo") +
           render_more(counted(hidden, "more thing") + " to do", hidden, element("ol", more, "todo"));
}

std::string render_cards(const Run& run) {
    std::string cards;
    for (const ImageRun& image : run.images) cards += render_card(image);
    return cards.empty() ? "" : element("div", cards, "cards");
}

std::string render_charts(const std::vector<FindingRow>& rows) {
    if (rows.empty()) return "";
    const std::string charts =
        render_chart("By severity", bars_by_severity(rows)) + render_chart("By remedy", bars_by_action(rows));
    return render_legend(rows) + element("div", charts, "charts");
}

std::string render_terms(const Run& run) {
    std::string rows;
    for (const Term& term : terms_of(run)) {
        rows += table_row({{"Accepted", element("b", escape_html(term.what, longest_text)) +
                                            element("span", html_code(render_place(term.at)), "state")},
                           {"Why", escape_html(term.why, longest_text)},
                           {"Owner", escape_html(term.owner)},
                           {"Days left", render_days(term, decision_day(run)), "roomy"},
                           {"Covers", escape_html(term.used)}});
    }
    return rows.empty() ? "" : render_table({"Accepted", "Why", "Owner", "Days left", "Covers"}, rows);
}
