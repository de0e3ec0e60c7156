// Sample runs for the tests of report/.
#pragma once

#include <string>
#include <string_view>

#include "report/run.h"

/// Two rows, two targets: one image vulnerable in several ways, a waiver about to end, a weaker scope, a failed
/// contract check.
Run vulnerable_run();
/// A pull request with gate.pull_requests: new-only: the published images have the same findings as the first two.
Run pre_existing_run();
/// The same images, all clean and published.
Run clean_run();
/// One scanner has no result for one image.
Run unknown_run();
/// Every text from a feed or an image contains mark-up, commands or control characters.
Run hostile_run();
/// One image with this many findings, of all severities, in a fixed order.
Run large_run(std::size_t findings);

Finding make_finding(const std::string& id, const std::string& package, Severity severity);

inline bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}
inline std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

/// The parts of the hostile texts; none of them may take effect.
inline constexpr const char* hostile_text =
    "<script>alert(1)</script><img src=x onerror=alert(1)> @octocat #1 GH-2 `code` | cell ](http://evil.example) "
    "[x](javascript:alert(1)) "
    "**bold** ${{ secrets.X }} $x$ {0} www.evil.example \"quoted\" 'single' \x1b[31m \xe2\x80\xae"
    "fdp.exe \r\n::error::forged\n# Heading\n```\n";
