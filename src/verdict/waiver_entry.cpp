// A waiver as a person can paste it. What stands in it comes from feeds and images, so every text is quoted.
#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "verdict/advice.h"

namespace {

/// A double-quoted scalar of YAML. JSON's strings are such (YAML 1.2 §5.7, §10.2).
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

}  // namespace

std::string render_waiver(const Finding& finding, Date today) {
    std::string entry = "  - id: " + quoted(finding.id) + "\n";
    if (!finding.aliases.empty()) entry += "    aliases: " + quoted_list(finding.aliases) + "\n";
    if (!finding.package.empty()) entry += "    component: " + quoted(finding.package) + "\n";
    if (!finding.path.empty()) entry += "    paths: " + quoted_list({finding.path}) + "\n";
    entry += "    reason: " + quoted(reason_for(finding)) + "\n";
    entry += fmt::format("    owner: {}\n    added: {}\n    review_by: {}\n", owner_placeholder, render_date(today),
                         render_date(today + std::chrono::days(30)));
    return entry;
}
