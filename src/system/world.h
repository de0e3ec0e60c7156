// Everything outside the program that a command may touch.
#pragma once

#include <iosfwd>
#include <string>

#include "system/clock.h"
#include "system/files.h"
#include "system/http.h"
#include "system/processes.h"

class Timings;

struct World {
    Processes& processes;
    Http& http;
    Files& files;
    Clock& clock;
    Timings& timings;                ///< of what takes time
    const Environment& environment;  ///< of our own process, read once by main
    std::ostream& out;               ///< results
    std::ostream& log;               ///< what happens, for people
};

/// Of our own environment; a variable that is empty is as good as none.
std::string variable(const World& world, const std::string& name, const std::string& otherwise = "");

/// The variables a child process gets: PATH, HOME, TMPDIR, LANG, the proxy and the CA variables, nothing else of
/// ours: secrets and runtime tokens of the runner must not reach a child.
Environment child_environment(const Environment& ours);
