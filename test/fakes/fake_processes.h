// Processes with scripted results. It records every command.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "system/processes.h"

struct FakeProcesses : Processes {
    using Effect = std::function<Finished(const Command&)>;

    struct Stub {
        std::vector<std::string> argv;  ///< the first words of the commands that it matches
        Effect effect;
        bool used = false;
    };

    std::vector<Stub> stubs;
    std::vector<Command> ran;

    /// The result of commands that begin with these words. The longest match wins; if several are equally long, each
    /// is used once, in order, and the last one serves all later commands.
    void stub(std::vector<std::string> argv, Finished finished) {
        stubs.push_back({std::move(argv), [finished](const Command&) { return finished; }});
    }
    void stub(std::vector<std::string> argv, const std::string& out) {
        stub(std::move(argv), Finished{.exit_code = 0, .timed_out = false, .out = out, .err = "", .truncated = false});
    }
    /// The same for a command that also does something: writes a report into the FakeFiles, throws a cancellation.
    void stub_with(std::vector<std::string> argv, Effect effect) {
        stubs.push_back({std::move(argv), std::move(effect)});
    }

    /// A command without a stub is an error in the test: throws std::logic_error.
    Finished run(const Command& command) override {
        Effect effect;
        {
            const std::lock_guard lock(mutex_);
            ran.push_back(command);
            effect = next_stub(command).effect;
        }
        return effect(command);
    }

    /// The commands, one per line, quoted as for a shell.
    std::string lines() const {
        std::string text;
        for (const Command& command : ran) text += render_command(command) + "\n";
        return text;
    }

  private:
    static bool begins_with(const std::vector<std::string>& argv, const std::vector<std::string>& words) {
        return words.size() <= argv.size() && std::equal(words.begin(), words.end(), argv.begin());
    }

    Stub& next_stub(const Command& command) {
        Stub* best = nullptr;
        for (Stub& stub : stubs) {
            if (!begins_with(command.argv, stub.argv)) continue;
            const bool longer = best == nullptr || stub.argv.size() > best->argv.size();
            const bool next = best != nullptr && stub.argv.size() == best->argv.size() && best->used;
            if (longer || next) best = &stub;
        }
        if (best == nullptr)
            throw std::logic_error("the test has no stub for this command: " + render_command(command));
        best->used = true;
        return *best;
    }

    std::mutex mutex_;
};
