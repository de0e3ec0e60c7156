#include "contract/contract.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace {

std::optional<RowResult> parse_row_result(std::string_view word) {
    for (const RowResult result : {RowResult::passed, RowResult::failed, RowResult::expected, RowResult::known}) {
        if (render_row_result(result) == word) return result;
    }
    return std::nullopt;
}

[[noreturn]] void refuse(const std::string& source, const std::string& why) {
    throw Error{Exit::failed, fmt::format("{} is no contract report: {}", source, why), "run `test` again"};
}

std::size_t count(const ContractReport& report, RowResult result) {
    return static_cast<std::size_t>(std::ranges::count(report.rows, result, &ContractRow::result));
}

/// Text of an image inside a table of Markdown: no markup of its own, one line.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\`*_{}[]<>|#@&~").find(c) != std::string_view::npos) {
            out += fmt::format("&#{};", static_cast<int>(c));
        } else {
            out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
        }
    }
    return out;
}

std::string render_row(const ContractRow& row) {
    return fmt::format("| {} | `{}` | {} | {} | {} |\n", render_row_result(row.result), row.id, escaped(row.check),
                       escaped(row.expected),
                       escaped(row.because.empty() ? row.found : row.found + " — " + row.because));
}

std::string render_table(const ContractReport& report, bool passed) {
    std::string rows;
    for (const ContractRow& row : report.rows) {
        if ((row.result == RowResult::passed) == passed) rows += render_row(row);
    }
    if (rows.empty()) return "";
    return "| | row | check | expected | found |\n|---|---|---|---|---|\n" + rows + "\n";
}

std::optional<RowResult> result_of(const ContractReport& report, const std::string& id) {
    const auto row = std::ranges::find(report.rows, id, &ContractRow::id);
    return row == report.rows.end() ? std::nullopt : std::optional(row->result);
}

}  // namespace

std::string render_row_result(RowResult result) {
    switch (result) {
        case RowResult::passed:
            return "passed";
        case RowResult::failed:
            return "failed";
        case RowResult::expected:
            return "expected failure";
        case RowResult::known:
            return "known failure";
    }
    return "";
}

bool KnownFailure::is_about(const std::string& image) const {
    return images.empty() ||
           std::ranges::any_of(images, [&](const std::string& pattern) { return matches_pattern(pattern, image); });
}

bool ContractReport::passed() const {
    return !rows.empty() && count(*this, RowResult::failed) == 0;
}

std::string render_contract_json(const ContractReport& report) {
    JsonWriter json;
    json.open_object();
    json.field("name", report.name);
    json.field("manifest", report.manifest);
    json.field("passed", report.passed());
    if (!report.key.empty()) json.field("key", report.key);
    if (!report.tested_by.empty()) json.field("tested_by", report.tested_by);
    if (report.reused) json.field("reused", true);
    json.open_array("rows");
    for (const ContractRow& row : report.rows) {
        json.open_object();
        json.field("id", row.id);
        json.field("result", render_row_result(row.result));
        json.field("check", row.check);
        json.field("expected", row.expected);
        json.field("found", row.found);
        if (!row.because.empty()) json.field("because", row.because);
        json.close();
    }
    return json.text();
}

ContractReport parse_contract_json(std::string_view text, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(text, source);
    ContractReport report{.name = text_at(root, "name"),
                          .manifest = text_at(root, "manifest"),
                          .key = text_at(root, "key"),
                          .tested_by = text_at(root, "tested_by"),
                          .reused = member(root, "reused").IsTrue()};
    if (report.name.empty() || !member(root, "rows").IsArray()) refuse(source, "it has no name or no rows");
    for (const Json& item : items_at(root, "rows")) {
        const std::optional<RowResult> result = parse_row_result(text_at(item, "result"));
        if (!result || text_at(item, "id").empty()) refuse(source, "a row has no id or no result");
        report.rows.push_back({.id = text_at(item, "id"),
                               .check = text_at(item, "check"),
                               .expected = text_at(item, "expected"),
                               .found = text_at(item, "found"),
                               .result = *result,
                               .because = text_at(item, "because")});
    }
    return report;
}

std::string render_contract_markdown(const std::vector<ContractReport>& reports) {
    std::string text;
    for (const ContractReport& report : reports) {
        const std::size_t passed = count(report, RowResult::passed);
        text += fmt::format("### {}: {} of {} passed\n\n", escaped(report.name), passed,
                            counted(report.rows.size(), "check"));
        if (report.reused) text += fmt::format("Tested by {}, with the same result.\n\n", escaped(report.tested_by));
        text += render_table(report, false);
        const std::string rest = render_table(report, true);
        if (!rest.empty())
            text += fmt::format("<details><summary>{} passed</summary>\n\n{}</details>\n\n", counted(passed, "check"),
                                rest);
    }
    return text;
}

std::vector<ContractChange> compare_contracts(const ContractReport& before, const ContractReport& now) {
    std::vector<ContractChange> changes;
    for (const ContractRow& row : now.rows) {
        const std::optional<RowResult> was = result_of(before, row.id);
        if (was.value_or(RowResult::passed) != row.result) changes.push_back({row.id, row.check, was, row.result});
    }
    for (const ContractRow& row : before.rows) {
        if (!result_of(now, row.id)) changes.push_back({row.id, row.check, row.result, std::nullopt});
    }
    return changes;
}
