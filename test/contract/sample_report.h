// A report with one row of each result. What an image says in it is mark-up, an address and a mention.
#pragma once

#include "contract/contract.h"

inline ContractReport sample_report() {
    return {
        .name = "3.13.5-production-linux-amd64",
        .manifest = "sha256:1",
        .rows = {{"size", "it is small", "at most 70 MB", "62.3 MB", RowResult::passed, ""},
                 {"stop", "it stops", "143", "137 | <b>\n", RowResult::known, "tini is missing (us, until 2027-01-01)"},
                 {"layers", "few", "16", "17", RowResult::failed, ""},
                 {"find-library", "found", "all", "sqlite3=None, https://evil.example \u202E@everybody",
                  RowResult::expected, "its stand-in base cannot keep this"}}};
}
