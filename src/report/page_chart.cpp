#include "report/page_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/words.h"

namespace {

struct Bar {
    std::string label;
    Counts counts;
};

/// The drawing is 1000 units wide and stretches with its column. The smallest part stays visible.
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
    std::stable_sort(bars.begin(), bars.end(), [](const Bar& a, const Bar& b) {
        return std::pair(a.counts.blocking, a.counts.all()) > std::pair(b.counts.blocking, b.counts.all());
    });
    return bars;
}

std::string legend_entry(std::string_view kind, FindingState state) {
    return fmt::format(
        "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"fill-{}\" width=\"10\" "
        "height=\"10\"/></svg>{}</li>",
        kind, render_state(state));
}

std::string render_legend(const std::vector<FindingRow>& rows) {
    const bool pre_existing = std::any_of(
        rows.begin(), rows.end(), [](const FindingRow& row) { return row.state == FindingState::pre_existing; });
    return "<ul class=\"legend\">" + legend_entry("blocking", FindingState::blocking) +
           (pre_existing ? legend_entry("pre-existing", FindingState::pre_existing) : "") +
           legend_entry("waived", FindingState::waived) + legend_entry("reported", FindingState::reported) + "</ul>\n";
}

}  // namespace

PageSection chart_section(const std::vector<FindingRow>& rows) {
    if (rows.empty()) return {};
    return {"charts", "At a glance",
            render_legend(rows) + element("div",
                                          render_chart("By severity", bars_by_severity(rows)) +
                                              render_chart("By remedy", bars_by_action(rows)),
                                          "charts")};
}
