// Runs to render: the same ones for every test of this room.
#pragma once

#include <string>

#include "report/run.h"

/// Two rows, two targets: one image vulnerable in several ways, a waiver about to end, a loosened scope, a broken
/// contract row.
Run vulnerable_run();
/// A pull request with gate.pull_requests: new-only: what would block the first two images, the published ones have
/// too.
Run pre_existing_run();
/// The same images, all clean and published.
Run clean_run();
/// One scanner gave nothing for one image.
Run unknown_run();
/// Every text that comes from a feed or an image tries to become something else than text.
Run hostile_run();
/// One image with this many findings, of all severities, in a fixed order.
Run large_run(std::size_t findings);

Finding make_finding(const std::string& id, const std::string& package, Severity severity);
Digest digest_of(const std::string& text);

/// What the hostile texts are made of; none of it may come alive.
inline constexpr const char* hostile_text =
    "<script>alert(1)</script><img src=x onerror=alert(1)> @octocat #1 GH-2 `code` | cell ](http://evil.example) "
    "[x](javascript:alert(1)) "
    "**bold** ${{ secrets.X }} $x$ {0} www.evil.example \"quoted\" 'single' \x1b[31m \xe2\x80\xae"
    "fdp.exe \r\n::error::forged\n# Heading\n```\n";
