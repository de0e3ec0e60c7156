// Processes that are told beforehand what every command answers, and remember what was run.
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

    struct Answer {
        std::vector<std::string> argv;  ///< the first words of the commands that it answers
        Effect effect;
        bool given = false;
    };

    std::vector<Answer> answers;
    std::vector<Command> ran;

    /// Commands that begin with these words end like this. The longest beginning counts; of several equal ones each is
    /// given once, in turn, and the last one from then on.
    void answer(std::vector<std::string> argv, Finished finished) {
        answers.push_back({std::move(argv), [finished](const Command&) { return finished; }});
    }
    void answer(std::vector<std::string> argv, const std::string& out) {
        answer(std::move(argv),
               Finished{.exit_code = 0, .timed_out = false, .out = out, .err = "", .truncated = false});
    }
    /// The same for a command that also does something: writes a report into the FakeFiles, throws a cancellation.
    void answer_by(std::vector<std::string> argv, Effect effect) {
        answers.push_back({std::move(argv), std::move(effect)});
    }

    /// A command that nothing was said about is a mistake in the test and throws std::logic_error.
    Finished run(const Command& command) override {
        Effect effect;
        {
            const std::lock_guard lock(mutex_);
            ran.push_back(command);
            effect = next_answer(command).effect;
        }
        return effect(command);
    }

    /// What was run, one line per command, as a person would type it.
    std::string lines() const {
        std::string text;
        for (const Command& command : ran) text += render_command(command) + "\n";
        return text;
    }

  private:
    static bool begins_with(const std::vector<std::string>& argv, const std::vector<std::string>& words) {
        return words.size() <= argv.size() && std::equal(words.begin(), words.end(), argv.begin());
    }

    Answer& next_answer(const Command& command) {
        Answer* best = nullptr;
        for (Answer& answer : answers) {
            if (!begins_with(command.argv, answer.argv)) continue;
            const bool longer = best == nullptr || answer.argv.size() > best->argv.size();
            const bool next = best != nullptr && answer.argv.size() == best->argv.size() && best->given;
            if (longer || next) best = &answer;
        }
        if (best == nullptr)
            throw std::logic_error("the test says nothing about this command: " + render_command(command));
        best->given = true;
        return *best;
    }

    std::mutex mutex_;
};
