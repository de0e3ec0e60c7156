#include "contract/contract.h"

#include <catch2/catch_test_macros.hpp>

namespace {

ContractRow row(const std::string& id, RowResult result, const std::string& found = "") {
    return {.id = id, .check = "promise of " + id, .expected = "", .found = found, .result = result, .because = ""};
}

std::string word(const std::optional<RowResult>& result) {
    return result ? render_row_result(*result) : "nothing";
}

/// "stop: kept, broken" for each.
std::string told(const std::vector<ContractRow>& before, const std::vector<ContractRow>& now) {
    std::string text;
    for (const ContractChange& change :
         compare_contracts({.name = "x", .manifest = "", .rows = before}, {.name = "x", .manifest = "", .rows = now})) {
        CHECK(change.check == "promise of " + change.id);
        text += change.id + ": " + word(change.before) + ", " + word(change.now) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("a row that ends otherwise is a change, whichever way it goes and wherever it stands") {
    CHECK(told({row("stop", RowResult::passed), row("size", RowResult::failed), row("tini", RowResult::passed)},
               {row("tini", RowResult::known), row("size", RowResult::passed), row("stop", RowResult::failed)}) ==
          "tini: passed, known failure\nsize: failed, passed\nstop: passed, failed\n");
}

TEST_CASE("a row that ends the same is no change, whatever was found") {
    CHECK(told({row("size", RowResult::passed, "61 MB"), row("stop", RowResult::known, "a")},
               {row("size", RowResult::passed, "62 MB"), row("stop", RowResult::known, "b")})
              .empty());
}

TEST_CASE("a new check is a change unless it passes, one that is no longer made is one always") {
    CHECK(told({row("old", RowResult::passed), row("older", RowResult::failed)},
               {row("new", RowResult::passed), row("newer", RowResult::failed), row("newest", RowResult::expected)}) ==
          "newer: nothing, failed\nnewest: nothing, expected failure\nold: passed, nothing\nolder: failed, nothing\n");
}
