#include "policy/waiver_entry.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace {

/// What stands in an entry comes from feeds and images, so every text is quoted: a double-quoted scalar of YAML. JSON's
/// strings are such (YAML 1.2 §5.7, §10.2).
std::string quoted(const std::string& text) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::ASCII<>> writer(buffer);
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    return {buffer.GetString(), buffer.GetSize()};
}

std::string quoted_list(const std::vector<std::string>& texts) {
    std::vector<std::string> list;
    for (const std::string& text : texts) list.push_back(quoted(text));
    return "[" + joined(list, ", ") + "]";
}

std::string reason_for(const Finding& finding) {
    if (finding.kind == FindingKind::secret) return "not a real secret: say what it is";
    if (finding.fix != FixState::fixed) return "no fix yet: say why it does no harm here";
    return "fixed in " + joined(finding.fixed_in, ", ") + ": say why it can wait";
}

/// The keys of `exceptions:` as parse_policy() reads them.
std::string render_entry(const Waiver& waiver) {
    std::string entry = "  - id: " + quoted(waiver.id) + "\n";
    if (!waiver.aliases.empty()) entry += "    aliases: " + quoted_list(waiver.aliases) + "\n";
    if (!waiver.package.empty()) entry += "    component: " + quoted(waiver.package) + "\n";
    if (!waiver.package_version.empty()) entry += "    version: " + quoted(waiver.package_version) + "\n";
    if (!waiver.paths.empty()) entry += "    paths: " + quoted_list(waiver.paths) + "\n";
    if (waiver.line > 0) entry += fmt::format("    line: {}\n", waiver.line);
    entry += "    reason: " + quoted(waiver.reason) + "\n";
    entry += fmt::format("    owner: {}\n", owner_placeholder);
    if (waiver.added) entry += fmt::format("    added: {}\n", render_date(*waiver.added));
    if (waiver.review_by) entry += fmt::format("    review_by: {}\n", render_date(*waiver.review_by));
    return entry;
}

}  // namespace

std::string render_waiver(const Finding& finding, Date today) {
    Waiver waiver;
    waiver.id = finding.id;
    waiver.aliases = finding.aliases;
    waiver.package = finding.package;
    if (!finding.path.empty()) waiver.paths = {finding.path};
    waiver.line = finding.line;
    waiver.reason = reason_for(finding);
    waiver.added = today;
    waiver.review_by = today + std::chrono::days(30);
    return render_entry(waiver);
}

std::string render_moved_waiver(Waiver waiver, Date today) {
    if (waiver.reason.empty()) waiver.reason = fmt::format("from {}: say why it is acceptable", waiver.at.file);
    if (!waiver.review_by) waiver.review_by = today + std::chrono::days(30);
    return render_entry(waiver);
}
