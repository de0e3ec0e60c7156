#include <catch2/catch_test_macros.hpp>

#include "base/text.h"
#include "report/samples.h"
#include "report/tables.h"

namespace {

std::string row_text(const std::vector<Cell>& row) {
    std::vector<std::string> texts;
    for (const Cell& cell : row) texts.push_back(cell.text);
    return joined(texts, " | ");
}

/// Each row as "cell | cell | images".
std::string text_of(const Table& table) {
    std::string text;
    for (const std::vector<Cell>& row : table.rows) text += row_text(row) + "\n";
    return text;
}

/// The four images, each compared with an identical one.
Run compared_run() {
    Run run = clean_run();
    for (ImageRun& image : run.images) {
        image.change = Change{.published = sha256("published"),
                              .added = {},
                              .gone = {},
                              .size_before = {.compressed = 24'120'004, .unpacked = 61'598'720},
                              .size = {.compressed = 24'120'004, .unpacked = 61'598'720},
                              .packages = std::vector<PackageChange>{},
                              .contract = std::vector<ContractChange>{}};
    }
    return run;
}

/// The cells of the first image, without its name and the digest.
std::string first(const Run& run) {
    const std::vector<Cell> row = make_change_table(run).rows.at(0);
    CHECK(row[1].text == sha256("published").brief());
    return row_text({row.begin() + 2, row.end()});
}

}  // namespace

TEST_CASE("an image identical to the published one is shown as the same in every column") {
    const Run run = compared_run();
    CHECK(make_change_table(run).rows.size() == 4);
    CHECK(first(run) == "24.1 MB, the same | 61.6 MB, the same | the same | the same | the same");
    CHECK(make_package_change_table(run).rows.empty());
    CHECK(make_contract_change_table(run).rows.empty());
}

TEST_CASE("images without a comparison are not shown as the same") {
    Run run = compared_run();
    Change& change = *run.images[0].change;
    change.size_before.compressed = 0;
    change.size.unpacked = 0;
    change.packages.reset();
    change.contract.reset();
    CHECK(first(run) == "– | – | – | the same | –");
    run.images[0].change.reset();
    CHECK(make_change_table(run).rows.size() == 3);
}

TEST_CASE("sizes are shown before and after, with the difference") {
    Run run = compared_run();
    Change& change = *run.images[0].change;
    change.size = {.compressed = 25'320'004, .unpacked = 61'598'208};
    CHECK(first(run).starts_with("24.1 MB → 25.3 MB (+1.2 MB) | 61.6 MB → 61.6 MB (−512 bytes) | "));
}

TEST_CASE("packages, findings and rows are counted by kind of change") {
    Run run = compared_run();
    Change& change = *run.images[0].change;
    change.packages = std::vector<PackageChange>{{.type = "deb", .name = "a", .before = "1", .now = "2"},
                                                 {.type = "deb", .name = "b", .before = "", .now = "2"},
                                                 {.type = "deb", .name = "c", .before = "1", .now = ""},
                                                 {.type = "deb", .name = "d", .before = "1", .now = ""}};
    change.added = {make_finding("CVE-1", "a", Severity::low)};
    change.contract = std::vector<ContractChange>{
        {.id = "stop", .check = "it stops", .before = std::nullopt, .now = RowResult::known}};
    CHECK(first(run).ends_with(" | 1 in another version, 1 added, 2 removed | 1 added | 1 check changed"));
    CHECK(text_of(make_contract_change_table(run)) ==
          "it stops | stop | not tested | known failure | 3.13.3-development\n");
}

TEST_CASE("the same package change in several images is one row, a different one another") {
    Run run = compared_run();
    const PackageChange ssl{.type = "deb", .name = "libssl3", .before = "3.0.15", .now = "3.0.16"};
    const PackageChange other{.type = "deb", .name = "libssl3", .before = "3.0.14", .now = "3.0.16"};
    const PackageChange tini{.type = "", .name = "tini", .before = "0.19", .now = ""};
    for (ImageRun& image : run.images) image.change->packages = std::vector{ssl};
    CHECK(text_of(make_package_change_table(run)) == "libssl3 | deb | 3.0.15 | 3.0.16 | all images\n");
    run.images[1].change->packages = std::vector{other};
    run.images[2].change->packages = std::vector{ssl, tini};
    run.images[3].change->packages.reset();
    CHECK(text_of(make_package_change_table(run)) ==
          "libssl3 | deb | 3.0.15 | 3.0.16 | 3.13.3-development, 3.12.6-development\n"
          "libssl3 | deb | 3.0.14 | 3.0.16 | 3.13.3-production\n"
          "tini | – | 0.19 | – | 3.12.6-development\n");
}

TEST_CASE("packages are sorted over all images, and crates come last") {
    Run run = compared_run();
    run.images[0].change->packages =
        std::vector<PackageChange>{{.type = "cargo", .name = "anyhow", .before = "", .now = "1"},
                                   {.type = "deb", .name = "tar", .before = "", .now = "1"}};
    run.images[1].change->packages =
        std::vector<PackageChange>{{.type = "deb", .name = "adduser", .before = "", .now = "3"},
                                   {.type = "pypi", .name = "pip", .before = "", .now = "4"}};
    std::string names;
    for (const std::vector<Cell>& row : make_package_change_table(run).rows) names += row[0].text + " ";
    CHECK(names == "adduser tar pip anyhow ");
}
