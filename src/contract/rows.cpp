// All rows, the contract's file, and what both say of an image.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/yaml_file.h"
#include "contract/facts.h"

namespace {

void check_row(YamlFile& yaml, const YAML::Node& node, const std::string& id) {
    std::vector<std::string> ids;
    for (const RowRule& rule : contract_rows()) ids.push_back(rule.id);
    if (id.empty() || std::ranges::find(ids, id) != ids.end()) return;
    const std::string near = nearest_word(id, ids);
    yaml.add(node, fmt::format("the contract has no check \"{}\"", id),
             near.empty() ? "the report of `test` names every check" : fmt::format("did you mean \"{}\"?", near));
}

/// As it is, unless the key is given.
void read_limit(YamlFile& yaml, const YAML::Node& map, const std::string& key, double& limit) {
    const YAML::Node node = value_at(map, key);
    double value = 0;
    if (!node.IsDefined()) return;
    if (node.IsScalar() && YAML::convert<double>::decode(node, value) && value > 0 && value < 1e9)
        limit = value;
    else
        yaml.add(node, fmt::format("\"{}\" is not a number above 0", key), "");
}

void read_limits_by_architecture(YamlFile& yaml, const YAML::Node& map, const std::string& key,
                                 std::map<std::string, double>& limits) {
    const YAML::Node node = value_at(map, key);
    if (node.IsDefined() && !node.IsMap())
        yaml.add(node, fmt::format("\"{}\" needs a number for each architecture", key),
                 fmt::format("write {}: {{amd64: 70, arm64: 80}}", key));
    if (!node.IsMap()) return;
    for (const auto& entry : node) read_limit(yaml, node, entry.first.Scalar(), limits[entry.first.Scalar()]);
}

void read_limits(YamlFile& yaml, const YAML::Node& node, Limits& limits) {
    if (!check_map(yaml, node, "limits", {"production_mb", "development_mb", "layers", "stop_seconds"})) return;
    read_limits_by_architecture(yaml, node, "production_mb", limits.production_mb);
    read_limits_by_architecture(yaml, node, "development_mb", limits.development_mb);
    read_limit(yaml, node, "layers", limits.layers);
    read_limit(yaml, node, "stop_seconds", limits.stop_seconds);
}

KnownFailure read_known_failure(YamlFile& yaml, const YAML::Node& node) {
    KnownFailure failure;
    failure.at = yaml.at(node);
    if (!check_map(yaml, node, "a known failure", {"row", "images", "reason", "owner", "review_by"})) return failure;
    failure.row = required_text_in(yaml, node, "row", "name the check that fails");
    check_row(yaml, value_at(node, "row"), failure.row);
    failure.images = texts_in(yaml, node, "images");
    failure.reason = required_text_in(yaml, node, "reason", "say why it fails");
    failure.owner = required_text_in(yaml, node, "owner", "say who fixes it");
    required_text_in(yaml, node, "review_by", "a known failure holds until a day: \"review_by: 2027-01-31\"");
    failure.review_by = date_in(yaml, node, "review_by").value_or(Date{});
    return failure;
}

bool applies(AppliesTo to, const Expectations& image) {
    const bool production = image.target == Target::production;
    const bool distroless = production && image.distroless;
    const std::array answers = {true, production, distroless, !distroless, !production};  // in the order of AppliesTo
    return answers.at(static_cast<std::size_t>(to));
}

/// Marks a failure that the contract accepts, with the reason.
void accept_failure(ContractRow& row, const std::string& name, const Contract& contract,
                    const std::vector<std::string>& expected_failures, Date today) {
    if (std::ranges::count(contract.off, row.id) > 0)
        row.because = "off in " + (contract.file.empty() ? "the contract" : contract.file);
    else if (std::ranges::count(expected_failures, row.id) > 0)
        row.because = "its stand-in base cannot pass this";
    if (!row.because.empty()) {
        row.result = RowResult::expected;
        return;
    }
    for (const KnownFailure& known : contract.known) {
        if (known.row != row.id || !known.is_about(name)) continue;
        const bool holds = today <= known.review_by;
        row.because = fmt::format("{} ({}, {} {})", known.reason, known.owner, holds ? "until" : "ended on",
                                  render_date(known.review_by));
        if (holds) row.result = RowResult::known;
        if (holds) return;
    }
}

}  // namespace

const std::vector<RowRule>& contract_rows() {
    static const std::vector<RowRule> all = [] {
        std::vector<RowRule> rows;
        for (const auto& part : {configuration_rows(), running_rows(), file_rows(), trust_rows()})
            rows.insert(rows.end(), part.begin(), part.end());
        return rows;
    }();
    return all;
}

ContractReport judge_contract(const std::string& name, const std::string& manifest, const ImageFacts& facts,
                              const Contract& contract, const std::vector<std::string>& expected_failures, Date today) {
    ContractReport report{.name = name, .manifest = manifest};
    for (const RowRule& rule : contract_rows()) {
        const bool about_authorities = rule.id.starts_with("ca-");
        if (!applies(rule.applies_to, facts.expected) || (about_authorities && facts.certificates.empty())) continue;
        const Observation seen = rule.observe(facts, contract.limits);
        ContractRow row{.id = rule.id,
                        .check = rule.check,
                        .expected = seen.expected,
                        .found = seen.found,
                        .result = seen.passed ? RowResult::passed : RowResult::failed};
        if (!seen.passed) accept_failure(row, name, contract, expected_failures, today);
        report.rows.push_back(row);
    }
    return report;
}

Contract parse_contract(std::string_view text, const std::string& file) {
    const YAML::Node root = parse_yaml(text, file);
    YamlFile yaml{file, {}};
    Contract contract;
    contract.file = file;
    if (check_map(yaml, root, "the contract", {"off", "limits", "known"})) {
        contract.off = texts_in(yaml, root, "off");
        for (const std::string& row : contract.off) check_row(yaml, value_at(root, "off"), row);
        if (const YAML::Node limits = value_at(root, "limits"); limits.IsDefined())
            read_limits(yaml, limits, contract.limits);
        for (const YAML::Node& node : items_in(yaml, root, "known"))
            contract.known.push_back(read_known_failure(yaml, node));
    }
    Problems warnings;  // there are none
    finish(yaml, warnings);
    return contract;
}

Problems check_known_failures(const Contract& contract, const std::vector<ContractReport>& reports, Date today) {
    Problems problems;
    for (const KnownFailure& known : contract.known) {
        std::size_t rows = 0;
        std::size_t passed = 0;
        for (const ContractReport& report : reports) {
            const auto result = known.is_about(report.name) ? report.result_of(known.row) : std::nullopt;
            rows += result ? 1 : 0;
            passed += result == RowResult::passed ? 1 : 0;
        }
        const auto warn = [&](const std::string& what, const std::string& hint) {
            add(problems, known.at, what, hint, Level::warning);
        };
        if (today > known.review_by) {
            warn(fmt::format("the known failure of \"{}\" ended on {}", known.row, render_date(known.review_by)),
                 "fix it, or give it a new date and a reason");
        } else if (rows == 0) {
            warn(fmt::format("the known failure of \"{}\" is about no image that was tested", known.row),
                 "correct its images, or take it out");
        } else if (passed == rows) {
            warn(fmt::format("the known failure of \"{}\" is fixed", known.row), "take it out");
        }
    }
    return problems;
}
