// Fuzzes the parsers of scanner reports: every text is parsed or rejected, and in-situ parsing gives the same result as
// parsing a copy.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "findings/finding.h"

namespace {

std::string compact(const Json& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return std::string(buffer.GetString(), buffer.GetSize());
}

std::optional<std::string> read_from_a_copy(const std::string& text) try {
    return compact(parse_tool_json(text, "it"));
} catch (const Error&) {
    return std::nullopt;
}

std::optional<std::string> read_in_place(std::string text) try {
    return compact(parse_report_json(text, "it"));
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
    if (size < 10'000 && read_from_a_copy(text) != read_in_place(text))
        std::abort();  // deeper nesting would overflow the stack of this comparison
    fuzz_trivy(text), fuzz_grype(text);
    return 0;
}
