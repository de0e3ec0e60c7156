// `test`: every built image against its contract.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "commands/commands.h"
#include "pipeline/contract_tests.h"
#include "pipeline/images.h"
#include "report/summary.h"

namespace {

/// What a person reads of the reports, and the exit code.
Result make_test_result(const World& world, const Settings& settings, const std::vector<ContractReport>& reports,
                        const Place& at) {
    const bool passed = std::ranges::all_of(reports, &ContractReport::passed);
    const std::string table = render_contract_summary(reports);
    world.out << table;
    Result result{.exit = passed ? Exit::done : Exit::refused,
                  .outputs = {{"tested", passed ? "true" : "false"}},
                  .summary = table};
    for (const ContractReport& report : reports) {
        for (const ContractRow& row : report.rows) {
            if (row.result != RowResult::failed) continue;
            add(result.problems, at,
                fmt::format("{}: {}: expected {}, found {}", report.name, row.check, row.expected, row.found),
                "the check is called " + row.id + " in contract files");
        }
    }
    append(result.problems, check_contract_file(world, settings, reports));
    return result;
}

}  // namespace

Result run_test(const World& world, const Settings& settings) {
    if (settings.contract == "off") return {.exit = Exit::done, .outputs = {{"tested", "off"}}};
    if (!settings.references.empty()) return make_test_result(world, settings, test_references(world, settings), {});
    const Project project = load_project(world, settings);
    const std::vector<ContractReport> reports =
        test_images(world, settings, project, load_built_images(world, settings, project));
    Result result = make_test_result(world, settings, reports, {settings.dockerfile, 0});
    result.problems.insert(result.problems.begin(), project.warnings.begin(), project.warnings.end());
    return result;
}
