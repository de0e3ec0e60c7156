// Shows the output of child processes, line by line.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

/// Sanitizes one line of a tool's output: plain_line on a terminal; in a workflow main hands over the one of github/.
using LineFilter = std::function<std::string(std::string_view line)>;

/// Control characters (C0 but for the tab, DEL, C1) become U+FFFD, escape sequences vanish: what a terminal may be
/// given.
std::string plain_line(std::string_view line);

/// A text of a server or a tool as one such line, for a message: line feeds are blanks, and it is cut after `most`
/// bytes, between two characters.
std::string one_line(std::string text, std::size_t most = 500);

/// Where the lines of relayed children go. Both outputs of a child go to this one stream (the runner
/// reads stdout and stderr in two tasks, so a bracket on one of them does not hold for the other).
struct Relay {
    std::ostream& to;
    LineFilter filter = plain_line;
    std::string before{};  ///< whole lines, written before the first of the children that run at the same time
    std::string after{};   ///< whole lines, written after the last of them
};

/// Cuts a stream into lines: at LF, CR and CRLF (the runner splits at a lone CR too). A line of more than 8 KiB is cut
/// there, between two characters, and ends in "…"; the rest of it is thrown away.
class LineCutter {
  public:
    using Take = std::function<void(std::string_view line)>;
    void add(std::string_view bytes, const Take& take);
    void finish(const Take& take);  ///< a last line without an end

  private:
    void end_line(const Take& take);

    std::string pending_;
    bool after_cr_ = false;
};
