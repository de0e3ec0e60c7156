#include "contract/contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"

namespace {

// In the order of RowResult.
constexpr std::array<std::string_view, 4> result_words = {"passed", "failed", "expected failure", "known failure"};

[[noreturn]] void refuse(const std::string& source, const std::string& why) {
    throw Error{Exit::failed, fmt::format("{} is not a contract report: {}", source, why), "run `test` again"};
}

}  // namespace

std::string render_row_result(RowResult result) {
    return std::string(result_words.at(static_cast<std::size_t>(result)));
}

bool KnownFailure::is_about(const std::string& image) const {
    return images.empty() ||
           std::ranges::any_of(images, [&](const std::string& pattern) { return matches_pattern(pattern, image); });
}

bool ContractReport::passed() const {
    return !rows.empty() && std::ranges::find(rows, RowResult::failed, &ContractRow::result) == rows.end();
}

std::optional<RowResult> ContractReport::result_of(const std::string& id) const {
    const auto row = std::ranges::find(rows, id, &ContractRow::id);
    return row == rows.end() ? std::nullopt : std::optional(row->result);
}

std::string render_contract_json(const ContractReport& report) {
    JsonWriter json;
    json.open_object();
    json.field("name", report.name);
    json.field("manifest", report.manifest);
    json.field("passed", report.passed());
    json.field("contract", unless_empty(report.contract));
    json.field("key", unless_empty(report.key));
    json.field("tested_by", unless_empty(report.tested_by));
    if (report.reused) json.field("reused", true);
    json.open_array("rows");
    for (const ContractRow& row : report.rows) {
        json.object({{"id", row.id},
                     {"result", render_row_result(row.result)},
                     {"check", row.check},
                     {"expected", row.expected},
                     {"found", row.found},
                     {"because", unless_empty(row.because)}});
    }
    return json.text();
}

ContractReport parse_contract_json(std::string_view text, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(text, source);
    ContractReport report{.name = text_at(root, "name"),
                          .manifest = text_at(root, "manifest"),
                          .contract = text_at(root, "contract"),
                          .key = text_at(root, "key"),
                          .tested_by = text_at(root, "tested_by"),
                          .reused = member(root, "reused").IsTrue()};
    if (report.name.empty() || !member(root, "rows").IsArray()) refuse(source, "it has no name or no rows");
    for (const Json& item : items_at(root, "rows")) {
        const auto result = std::ranges::find(result_words, view_at(item, "result"));
        if (result == result_words.end() || text_at(item, "id").empty()) refuse(source, "a row has no id or no result");
        report.rows.push_back({.id = text_at(item, "id"),
                               .check = text_at(item, "check"),
                               .expected = text_at(item, "expected"),
                               .found = text_at(item, "found"),
                               .result = static_cast<RowResult>(result - result_words.begin()),
                               .because = text_at(item, "because")});
    }
    return report;
}

std::vector<ContractChange> compare_contracts(const ContractReport& before, const ContractReport& now) {
    std::vector<ContractChange> changes;
    for (const ContractRow& row : now.rows) {
        const std::optional<RowResult> was = before.result_of(row.id);
        if (was.value_or(RowResult::passed) != row.result) changes.push_back({row.id, row.check, was, row.result});
    }
    for (const ContractRow& row : before.rows) {
        if (!now.result_of(row.id)) changes.push_back({row.id, row.check, row.result, std::nullopt});
    }
    return changes;
}
