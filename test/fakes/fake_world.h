// A World made of the fakes. Nothing outside the test is touched.
#pragma once

#include <sstream>

#include "fakes/fake_clock.h"
#include "fakes/fake_files.h"
#include "fakes/fake_http.h"
#include "fakes/fake_processes.h"
#include "system/timings.h"
#include "system/world.h"

struct FakeWorld {
    FakeProcesses processes;
    FakeHttp http;
    FakeFiles files;
    FakeClock clock;
    Timings timings;
    Environment environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/home/user"}};
    std::ostringstream out;
    std::ostringstream log;

    FakeWorld() { http.files = &files; }
    FakeWorld(const FakeWorld&) = delete;
    FakeWorld& operator=(const FakeWorld&) = delete;

    World world() { return {processes, http, files, clock, timings, environment, out, log}; }
};
