// Running other programs: without a shell, with an explicit environment, with bounded memory.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

using Environment = std::map<std::string, std::string>;

struct Command {
    /// argv[0] is looked up in the PATH of `environment`. Never a secret in here: argv is printed.
    std::vector<std::string> argv{};
    Environment environment{};          ///< the whole environment of the child, nothing is inherited
    std::filesystem::path directory{};  ///< where it runs; empty: where we are
    std::string input{};                ///< its standard input
    std::chrono::seconds timeout{0};  ///< 0: none. Then SIGTERM, and SIGKILL 5 s later, to the child and all it started
    bool cleans_up = false;  ///< runs also in a run that was cancelled, and is not ended by that: give it a timeout
    bool relayed = false;    ///< show its output line by line while it runs (through the relay given to RealProcesses)
};

struct Finished {
    /// As in a shell: 128 + signal if a signal ended it, 127 if there is no such program, 126 if it cannot be run.
    int exit_code = 0;
    bool timed_out = false;
    std::string out{};  ///< at most 256 MiB, then the child is ended and `truncated` is set
    std::string err{};  ///< the last 64 KiB
    bool truncated = false;
};

struct Processes {
    virtual ~Processes() = default;
    /// Runs the command to its end. Any exit code is a value. Throws Error{cancelled} if the run was cancelled before
    /// or meanwhile (the child has been ended then; one that cleans up is left to its end), Error{failed} if no process
    /// could be made or there is no such directory.
    virtual Finished run(const Command& command) = 0;
};

/// The command as a person would type it, quoted where the shell needs it. One line.
std::string render_command(const Command& command);

/// What a failed command is reported as, for Problem::what: how it ended, what it was run as, the last lines it said.
/// The caller, who knows what the command was for, adds the hint.
///     trivy ended with exit code 1
///     ran:  trivy image --input out/images/3.13.3-production-linux-amd64
///     said: FATAL failed to download vulnerability DB: 429 Too Many Requests
std::string render_failure(const Command& command, const Finished& finished);
