// Fuzzes what is read of the scanners: a report is read or refused, and reading a text entry by entry, where it stands,
// finds in it what reading it as a whole does.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "findings/finding.h"

namespace {

const std::vector<std::string> lists = {"Vulnerabilities", "matches"};

std::string compact(const Json& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

bool is_listed(const Json& name) {
    return std::find(lists.begin(), lists.end(), text_of(name)) != lists.end();
}

/// The entries of the lists, in the order of the text.
std::string entries_of(const Json& value) {
    std::string entries;
    for (const Json& item : items_of(value)) entries += entries_of(item);
    if (!value.IsObject()) return entries;
    for (const auto& field : value.GetObject()) {
        if (!field.value.IsArray() || !is_listed(field.name)) {
            entries += entries_of(field.value);
            continue;
        }
        for (const Json& entry : field.value.GetArray()) entries += compact(entry);
    }
    return entries;
}

std::optional<std::string> read_as_a_whole(const std::string& text) try {
    return entries_of(parse_tool_json(text, "it"));
} catch (const Error&) {
    return std::nullopt;
}

std::optional<std::string> read_by_entries(const std::string& text) try {
    std::string entries;
    parse_tool_lists(text, "it", lists, [&](const Json& entry) { entries += compact(entry); });
    return entries;
} catch (const Error&) {
    return std::nullopt;
}

void fuzz_trivy(const std::string& text) try { parse_trivy_report(text, "it"); } catch (const Error&) {
}

void fuzz_grype(const std::string& text) try { parse_grype_report(text, "it"); } catch (const Error&) {
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (size < 10'000 && read_as_a_whole(text) != read_by_entries(text)) std::abort();  // deeper, the walk is too deep
    fuzz_trivy(text), fuzz_grype(text);
    return 0;
}
