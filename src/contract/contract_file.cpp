#include "contract/contract_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "contract/rows.h"

namespace {

/// What has been read so far, and what was wrong with it.
struct Reading {
    std::string file;
    Problems problems;

    void refuse(const YAML::Node& node, const std::string& what, const std::string& hint) {
        problems.push_back({{file, node.Mark().line + 1}, what, hint});
    }
};

bool is_row(const std::string& id) {
    const std::vector<RowRule>& rows = contract_rows();
    return std::any_of(rows.begin(), rows.end(), [&](const RowRule& rule) { return rule.id == id; });
}

std::string hint_for(const std::string& id) {
    std::vector<std::string> ids;
    for (const RowRule& rule : contract_rows()) ids.push_back(rule.id);
    const std::string near = nearest_word(id, ids);
    return near.empty() ? "the report of `test` names every row" : fmt::format("did you mean \"{}\"?", near);
}

std::string read_text(Reading& reading, const YAML::Node& node, const std::string& key) {
    if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
    reading.refuse(node, fmt::format("\"{}\" has to be a text", key), "write one in quotation marks");
    return "";
}

std::vector<std::string> read_texts(Reading& reading, const YAML::Node& node, const std::string& key) {
    if (!node.IsSequence()) {
        reading.refuse(node, fmt::format("\"{}\" has to be a list", key), fmt::format("write {}: [one, another]", key));
        return {};
    }
    std::vector<std::string> texts;
    for (const YAML::Node& item : node) texts.push_back(read_text(reading, item, key));
    return texts;
}

std::string read_row(Reading& reading, const YAML::Node& node) {
    std::string id = read_text(reading, node, "row");
    if (!id.empty() && !is_row(id))
        reading.refuse(node, fmt::format("the contract has no row \"{}\"", id), hint_for(id));
    return id;
}

double read_limit(Reading& reading, const YAML::Node& node, const std::string& key, double standard) {
    double value = 0;
    if (node.IsScalar() && YAML::convert<double>::decode(node, value) && value > 0 && value < 1e9) return value;
    reading.refuse(node, fmt::format("\"{}\" has to be a number above 0", key), "");
    return standard;
}

void read_limits_by_architecture(Reading& reading, const YAML::Node& node, const std::string& key,
                                 std::map<std::string, double>& limits) {
    if (!node.IsMap()) {
        reading.refuse(node, fmt::format("\"{}\" needs a number for each architecture", key),
                       fmt::format("write {}: {{amd64: 70, arm64: 80}}", key));
        return;
    }
    for (const auto& entry : node) {
        const std::string architecture = entry.first.Scalar();
        limits[architecture] = read_limit(reading, entry.second, architecture, 0);
    }
}

void read_limits(Reading& reading, const YAML::Node& node, Limits& limits) {
    if (!node.IsMap())
        return reading.refuse(node, "\"limits\" has to be keys and numbers", "write limits: {layers: 16}");
    for (const auto& entry : node) {
        const std::string key = entry.first.Scalar();
        if (key == "production_mb") {
            read_limits_by_architecture(reading, entry.second, key, limits.production_mb);
        } else if (key == "development_mb") {
            read_limits_by_architecture(reading, entry.second, key, limits.development_mb);
        } else if (key == "layers") {
            limits.layers = static_cast<int>(read_limit(reading, entry.second, key, limits.layers));
        } else if (key == "stop_seconds") {
            limits.stop_seconds = read_limit(reading, entry.second, key, limits.stop_seconds);
        } else if (key == "imports_ms") {
            limits.imports_ms = read_limit(reading, entry.second, key, limits.imports_ms);
        } else {
            reading.refuse(entry.first, fmt::format("there is no limit \"{}\"", key),
                           "the limits are production_mb, development_mb, layers, stop_seconds, imports_ms");
        }
    }
}

std::optional<Date> read_date(Reading& reading, const YAML::Node& node) {
    const std::string text = node.IsScalar() ? node.Scalar() : "";
    const std::optional<Date> date = parse_date(text);
    if (!date)
        reading.refuse(node, fmt::format("\"review_by\" is \"{}\", which is no day", text),
                       "write it as 2027-01-31; it holds through that day");
    return date;
}

void read_known_failure(Reading& reading, const YAML::Node& node, std::vector<KnownFailure>& known) {
    if (!node.IsMap())
        return reading.refuse(node, "a known failure has to be keys and values",
                              "write - row: …, reason: …, owner: …, review_by: …");
    KnownFailure failure;
    failure.at = {reading.file, node.Mark().line + 1};
    bool dated = false;
    for (const auto& entry : node) {
        const std::string key = entry.first.Scalar();
        if (key == "row") {
            failure.row = read_row(reading, entry.second);
        } else if (key == "images") {
            failure.images = read_texts(reading, entry.second, key);
        } else if (key == "reason") {
            failure.reason = read_text(reading, entry.second, key);
        } else if (key == "owner") {
            failure.owner = read_text(reading, entry.second, key);
        } else if (key == "review_by") {
            failure.review_by = read_date(reading, entry.second).value_or(Date{});
            dated = true;
        } else {
            reading.refuse(entry.first, fmt::format("a known failure has no key \"{}\"", key),
                           "its keys are row, images, reason, owner, review_by");
        }
    }
    std::vector<std::string> missing;
    if (!node["row"]) missing.emplace_back("row");
    if (!node["reason"]) missing.emplace_back("reason");
    if (!node["owner"]) missing.emplace_back("owner");
    if (!dated) missing.emplace_back("review_by");
    if (!missing.empty())
        reading.refuse(node, "this known failure has no " + joined(missing, ", no "),
                       "every known failure is reviewed some day");
    known.push_back(failure);
}

void read_contract(Reading& reading, const YAML::Node& root, Contract& contract) {
    if (!root.IsMap())
        return reading.refuse(root, "a contract has to be keys and values", "its keys are off, limits, known");
    for (const auto& entry : root) {
        const std::string key = entry.first.Scalar();
        if (key == "off" && entry.second.IsSequence()) {
            for (const YAML::Node& row : entry.second) contract.off.push_back(read_row(reading, row));
        } else if (key == "known" && entry.second.IsSequence()) {
            for (const YAML::Node& failure : entry.second) read_known_failure(reading, failure, contract.known);
        } else if (key == "limits") {
            read_limits(reading, entry.second, contract.limits);
        } else if (key == "off" || key == "known") {
            reading.refuse(entry.second, fmt::format("\"{}\" has to be a list", key), "");
        } else {
            reading.refuse(entry.first, fmt::format("a contract has no key \"{}\"", key),
                           "its keys are off, limits, known");
        }
    }
}

/// Names given twice: yaml-cpp would keep both and answer with the first.
void check_doubles(Reading& reading, const YAML::Node& node) {
    if (node.IsSequence()) {
        for (const YAML::Node& item : node) check_doubles(reading, item);
    }
    if (!node.IsMap()) return;
    std::map<std::string, int> seen;
    for (const auto& entry : node) {
        const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
        const auto [first, is_new] = seen.emplace(key, entry.first.Mark().line + 1);
        if (!is_new)
            reading.refuse(entry.first, fmt::format("\"{}\" is already given on line {}", key, first->second),
                           "keep one of them");
        check_doubles(reading, entry.second);
    }
}

const ContractRow* find_row(const ContractReport& report, const std::string& id) {
    const auto row =
        std::find_if(report.rows.begin(), report.rows.end(), [&](const ContractRow& r) { return r.id == id; });
    return row == report.rows.end() ? nullptr : &*row;
}

}  // namespace

Contract parse_contract(std::string_view yaml, const std::string& file) {
    Contract contract;
    contract.file = file;
    Reading reading{.file = file, .problems = {}};
    constexpr std::size_t largest = 1U << 20U;
    if (yaml.size() > largest) throw Error{Exit::bad_input, {{{file, 0}, "a contract has at most 1 MiB", ""}}};
    try {
        const YAML::Node root = YAML::Load(std::string(yaml));
        check_doubles(reading, root);
        read_contract(reading, root, contract);
    } catch (const YAML::Exception& error) {
        reading.problems.push_back(
            {{file, error.mark.line + 1}, "this is not YAML: " + error.msg, "its keys are off, limits, known"});
    }
    if (!reading.problems.empty()) throw Error{Exit::bad_input, sorted_by_place(reading.problems)};
    return contract;
}

Problems check_known_failures(const Contract& contract, const std::vector<ContractReport>& reports, Date today) {
    Problems problems;
    for (const KnownFailure& known : contract.known) {
        std::size_t rows = 0;
        std::size_t passed = 0;
        for (const ContractReport& report : reports) {
            const bool named = known.images.empty() ||
                               std::any_of(known.images.begin(), known.images.end(), [&](const std::string& pattern) {
                                   return matches_pattern(pattern, report.name);
                               });
            const ContractRow* row = named ? find_row(report, known.row) : nullptr;
            if (row == nullptr) continue;
            ++rows;
            if (row->result == RowResult::passed) ++passed;
        }
        const auto warn = [&](const std::string& what, const std::string& hint) {
            problems.push_back({known.at, what, hint, Level::warning});
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
