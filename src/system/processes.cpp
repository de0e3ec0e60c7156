#include "system/processes.h"

#include <fmt/format.h>

#include "base/text.h"
#include "system/relay.h"

namespace {

constexpr std::size_t lines_shown = 10;

/// As it is, or in 'single quotes'.
std::string quoted(const std::string& word) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
    return text + "'";
}

std::string render_end(const Command& command, const Finished& finished) {
    const std::string program = std::filesystem::path(command.argv.front()).filename().string();
    if (finished.timed_out)
        return fmt::format("{} was ended after {} s without a result", program, command.timeout.count());
    if (finished.truncated) return program + " was ended because it wrote more than 256 MiB";
    if (finished.exit_code == 127) return program + " is not there, neither as a file nor in the PATH";
    const char* signal = finished.exit_code > 128 ? sigabbrev_np(finished.exit_code - 128) : nullptr;
    if (signal != nullptr)
        return fmt::format("{} was ended by SIG{} (exit code {})", program, signal, finished.exit_code);
    return fmt::format("{} ended with exit code {}", program, finished.exit_code);
}

std::vector<std::string> last_lines(const std::string& text) {
    std::vector<std::string> lines;
    LineCutter cutter;
    const auto keep = [&](std::string_view line) {
        if (!trimmed(line).empty()) lines.push_back(plain_line(line));
    };
    cutter.add(text, keep);
    cutter.finish(keep);
    if (lines.size() > lines_shown) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(lines_shown));
    return lines;
}

}  // namespace

std::string render_command(const Command& command) {
    std::vector<std::string> words;
    for (const std::string& word : command.argv) words.push_back(quoted(word));
    return one_line(joined(words, " "), std::string::npos);
}

std::string render_failure(const Command& command, const Finished& finished) {
    std::string text = render_end(command, finished) + "\nran:  " + render_command(command);
    const bool said_nothing = trimmed(finished.err).empty();
    std::string label = "\nsaid: ";
    for (const std::string& line : last_lines(said_nothing ? finished.out : finished.err)) {
        text += label + line;
        label = "\n      ";
    }
    return text;
}
