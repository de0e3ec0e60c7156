#include "commands/commands.h"

Result run_command(const std::string& name, const World& world, const Settings& settings) {
    if (name == "check") return run_check(world, settings);
    if (name == "matrix") return run_matrix(world, settings);
    if (name == "build") return run_build(world, settings);
    if (name == "test") return run_test(world, settings);
    if (name == "scan") return run_scan(world, settings);
    if (name == "judge") return run_judge(world, settings);
    if (name == "explain") return run_explain(world, settings);
    if (name == "publish") return run_publish(world, settings);
    if (name == "fetch") return run_fetch(world, settings);
    if (name == "release") return run_release(world, settings);
    if (name == "nightly") return run_nightly(world, settings);
    return run_all(world, settings);
}
