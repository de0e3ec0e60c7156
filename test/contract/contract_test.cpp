#include "contract/contract.h"

#include <catch2/catch_test_macros.hpp>

namespace {

ContractRow row(const std::string& id, RowResult result, const std::string& found = "") {
    return {.id = id, .check = "check of " + id, .expected = "", .found = found, .result = result, .because = ""};
}

std::string word(const std::optional<RowResult>& result) {
    return result ? render_row_result(*result) : "nothing";
}

/// The rendered changes, such as "stop: passed, failed".
std::string changes_of(const std::vector<ContractRow>& before, const std::vector<ContractRow>& now) {
    std::string text;
    for (const ContractChange& change :
         compare_contracts({.name = "x", .manifest = "", .rows = before}, {.name = "x", .manifest = "", .rows = now})) {
        CHECK(change.check == "check of " + change.id);
        text += change.id + ": " + word(change.before) + ", " + word(change.now) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("a row with another result is a change, in either direction and at any position") {
    CHECK(changes_of({row("stop", RowResult::passed), row("size", RowResult::failed), row("tini", RowResult::passed)},
                     {row("tini", RowResult::known), row("size", RowResult::passed), row("stop", RowResult::failed)}) ==
          "tini: passed, known failure\nsize: failed, passed\nstop: passed, failed\n");
}

TEST_CASE("a row with the same result is not a change, whatever was found") {
    CHECK(changes_of({row("size", RowResult::passed, "61 MB"), row("stop", RowResult::known, "a")},
                     {row("size", RowResult::passed, "62 MB"), row("stop", RowResult::known, "b")})
              .empty());
}

TEST_CASE("a new check is a change unless it passes; a removed check is always a change") {
    CHECK(changes_of(
              {row("old", RowResult::passed), row("older", RowResult::failed)},
              {row("new", RowResult::passed), row("newer", RowResult::failed), row("newest", RowResult::expected)}) ==
          "newer: nothing, failed\nnewest: nothing, expected failure\nold: passed, nothing\nolder: failed, nothing\n");
}
