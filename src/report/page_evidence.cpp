#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/page_parts.h"
#include "report/words.h"

namespace {

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
    std::size_t images = 0;
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        bool here = false;
        for (const WaivedFinding& waived : image.verdict->waived) {
            if (waived.waiver.at != waiver.at || waived.waiver.id != waiver.id) continue;
            findings.insert(waived.finding.key());
            here = true;
        }
        images += here ? 1 : 0;
    }
    return findings.empty() ? "nothing" : counted(findings.size(), "finding") + " in " + counted(images, "image");
}

/// Its conditions besides the vulnerability and the package: "path /app/**, target production".
std::string render_conditions(const Waiver& waiver) {
    std::vector<std::string> conditions;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) conditions.push_back(fmt::format("{} {}", name, value));
    };
    add("path", joined(waiver.paths, " or "));
    add("target", joined(waiver.targets, " or "));
    return joined(conditions, ", ");
}

std::string render_covered(const Waiver& waiver) {
    const std::string version = waiver.package_version.empty() ? "" : " " + waiver.package_version;
    const std::string conditions = render_conditions(waiver);
    const std::string package = waiver.package.empty() ? "" : " in " + waiver.package + version;
    return waiver.id + package + (conditions.empty() ? "" : " (" + conditions + ")");
}

Term term_of(const Waiver& waiver, const Run& run) {
    return {.what = render_covered(waiver),
            .why = waiver.reason.empty() ? "no reason is given" : waiver.reason,
            .owner = waiver.owner.empty() ? "nobody" : waiver.owner,
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
            .owner = "",
            .until = scope.review_by ? "until " + render_date(*scope.review_by) : "without a date",
            .last = scope.review_by,
            .used = "",
            .at = scope.at};
}

Term term_of(const ScannerPause& pause) {
    return {.what = render_scanner(pause.scanner) + " is off",
            .why = pause.reason,
            .owner = pause.owner,
            .until = "until " + render_date(pause.until),
            .last = pause.until,
            .used = "",
            .at = pause.at};
}

std::vector<Term> terms_of(const Run& run) {
    std::vector<Term> terms;
    for (const Waiver& waiver : run.policy.waivers) terms.push_back(term_of(waiver, run));
    for (const Scope& scope : run.policy.scopes) terms.push_back(term_of(scope));
    for (const ScannerPause& pause : pauses_of(run)) terms.push_back(term_of(pause));
    std::stable_sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) {
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

std::string render_terms(const Run& run) {
    std::string rows;
    for (const Term& term : terms_of(run)) {
        rows += table_row({{"Accepted", element("b", escape_html(term.what, longest_text)) +
                                            element("span", render_code(render_place(term.at)), "state")},
                           {"Why", escape_html(term.why, longest_text)},
                           {"Owner", escape_html(term.owner)},
                           {"Days left", render_days(term, decision_day(run)), "roomy"},
                           {"Covers", escape_html(term.used)}});
    }
    return rows.empty() ? "" : table("list", {"Accepted", "Why", "Owner", "Days left", "Covers"}, rows);
}

std::string render_contract_rows(const Run& run) {
    std::string rows;
    std::size_t passed = 0;
    std::size_t others = 0;
    for (const ImageRun& image : run.images) {
        if (!image.contract) continue;
        for (const ContractRow& row : image.contract->rows) {
            (row.result == RowResult::passed ? passed : others) += 1;
            rows += table_row({{"Image", escape_html(image.name)},
                               {"Result", element("span", render_row_result(row.result),
                                                  row.result == RowResult::failed ? "status bad" : "")},
                               {"Check", escape_html(row.check, longest_text)},
                               {"Expected", escape_html(row.expected, longest_text)},
                               {"Found", escape_html(row.found, longest_text) +
                                             element("span", escape_html(row.because, longest_text), "state")}});
        }
    }
    return render_more(fmt::format("The contract: {} passed, {} not", counted(passed, "check"), others),
                       passed + others, table("list", {"Image", "Result", "Check", "Expected", "Found"}, rows));
}

std::string render_base_rows(const Run& run) {
    std::string rows;
    for (const UsedBase& base : run.bases) {
        const bool rebuilt = base.current && base.built_on && *base.current != *base.built_on;
        rows += table_row({{"Base", render_code(base.reference) +
                                        (base.stand_in ? element("span", "a stand-in", "state blocking") : "")},
                           {"Built on", base.built_on ? render_code(base.built_on->text()) : "–"},
                           {"Age", base.made ? render_age(run.finished - *base.made) : "not known"},
                           {"Now", !base.current ? "not known"
                                   : rebuilt     ? element("b", "rebuilt: ") + render_code(base.current->text())
                                                 : "the same"}});
    }
    return render_more(counted(run.bases.size(), "base"), run.bases.size(),
                       table("list", {"Base", "Built on", "Age", "Now"}, rows));
}

std::string render_tag_rows(const Run& run) {
    if (!run.publication) return "";
    std::string rows;
    for (const WrittenTag& tag : run.publication->tags) {
        rows += table_row({{"Reference", render_code(tag.reference)}, {"Digest", render_code(tag.digest.text())}});
    }
    return render_more(counted(run.publication->tags.size(), "tag") + " written", run.publication->tags.size(),
                       table("list", {"Reference", "Digest"}, rows));
}

std::string render_left_out_rows(const Run& run) {
    std::string rows;
    std::size_t count = 0;
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Finding& finding : image.verdict->left_out) {
            ++count;
            rows += table_row({{"Image", escape_html(image.name)},
                               {"Severity", render_badge(finding.severity)},
                               {"Finding", render_linked_id(finding)},
                               {"Package", render_package(finding)},
                               {"Why", escape_html(finding.ignored_because, longest_text)}});
        }
    }
    return render_more(counted(count, "finding") + " left out by a scanner's own rules", count,
                       table("list", {"Image", "Severity", "Finding", "Package", "Why"}, rows));
}

std::string render_remark_rows(const Run& run) {
    Problems problems = run.policy_warnings;
    problems.insert(problems.end(), run.other_warnings.begin(), run.other_warnings.end());
    std::string rows;
    for (const Problem& problem : sorted_by_place(problems)) {
        rows += table_row({{"Where", render_code(render_place(problem.at))},
                           {"What", escape_html(problem.what, longest_text)},
                           {"Hint", escape_html(problem.hint, longest_text)}});
    }
    return render_more(counted(problems.size(), "remark") + " about the policy and the files", problems.size(),
                       table("list", {"Where", "What", "Hint"}, rows));
}

std::string render_receipt_row(const ImageRun& image, const Receipt& receipt, Time now) {
    const std::string date = receipt.database_date ? render_moment(*receipt.database_date) + ", " +
                                                         render_age(now - *receipt.database_date) + " old"
                                                   : "age not known";
    const std::string result =
        receipt.failure.empty() ? "counts" : element("span", escape_html(receipt.failure, longest_text), "status bad");
    const std::string command =
        receipt.command.empty() ? "" : element("details", element("summary", "Command") + render_code(receipt.command));
    return table_row(
        {{"Image", escape_html(image.name) + element("span", render_code(receipt.manifest.text()), "state")},
         {"Scanner", escape_html(render_scanner(receipt.scanner) + " " + receipt.scanner_version)},
         {"Database", escape_html(receipt.database) + element("span", date, "state") +
                          (receipt.sample_data ? element("span", "sample data", "state blocking") : "")},
         {"Packages", receipt.packages == 0 ? "–" : fmt::format("{}", receipt.packages), "number"},
         {"Took",
          fmt::format("{:.0f} s", receipt.seconds) +
              (receipt.reused.empty() ? "" : element("span", "scanned by " + escape_html(receipt.reused), "state")),
          "number"},
         {"Result", result + command}});
}

}  // namespace

std::string render_more(const std::string& title, std::size_t count, const std::string& inner) {
    return count == 0 ? "" : element("details", element("summary", title) + inner, "more") + "\n";
}

PageSection waiver_section(const Run& run) {
    return {"waivers", "Accepted for a time", render_terms(run)};
}

PageSection receipt_section(const Run& run) {
    std::string rows;
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Receipt& receipt : image.verdict->receipts) rows += render_receipt_row(image, receipt, run.finished);
    }
    return {"receipts", "Receipts",
            rows.empty() ? "" : table("list", {"Image", "Scanner", "Database", "Packages", "Took", "Result"}, rows)};
}

PageSection evidence_section(const Run& run) {
    return {"evidence", "More evidence",
            render_contract_rows(run) + render_base_rows(run) + render_tag_rows(run) + render_left_out_rows(run) +
                render_remark_rows(run)};
}
