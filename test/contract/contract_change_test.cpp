#include "contract/contract_change.h"

#include <catch2/catch_test_macros.hpp>

namespace {

ContractRow row(const std::string& id, RowResult result, const std::string& found = "") {
    return {.id = id, .promise = "promise of " + id, .expected = "", .found = found, .result = result, .because = ""};
}

std::string word(const std::optional<RowResult>& result) {
    return result ? render_row_result(*result) : "nothing";
}

/// "stop: kept, broken" for each.
std::string told(const std::vector<ContractRow>& before, const std::vector<ContractRow>& now) {
    std::string text;
    for (const ContractChange& change :
         compare_contracts({.name = "x", .manifest = "", .rows = before}, {.name = "x", .manifest = "", .rows = now})) {
        CHECK(change.promise == "promise of " + change.id);
        text += change.id + ": " + word(change.before) + ", " + word(change.now) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("a row that ends otherwise is a change, whichever way it goes and wherever it stands") {
    CHECK(told({row("stop", RowResult::kept), row("size", RowResult::broken), row("tini", RowResult::kept)},
               {row("tini", RowResult::known), row("size", RowResult::kept), row("stop", RowResult::broken)}) ==
          "tini: kept, known\nsize: broken, kept\nstop: kept, broken\n");
}

TEST_CASE("a row that ends the same is no change, whatever was found") {
    CHECK(told({row("size", RowResult::kept, "61 MB"), row("stop", RowResult::known, "a")},
               {row("size", RowResult::kept, "62 MB"), row("stop", RowResult::known, "b")})
              .empty());
}

TEST_CASE("a new promise is told unless it is kept, one that is tested no more is told always") {
    CHECK(told({row("old", RowResult::kept), row("older", RowResult::broken)},
               {row("new", RowResult::kept), row("newer", RowResult::broken), row("newest", RowResult::excused)}) ==
          "newer: nothing, broken\nnewest: nothing, excused\nold: kept, nothing\nolder: broken, nothing\n");
}
