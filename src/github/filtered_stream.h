// A stream for our own words in a workflow's log: they quote tools, files and vulnerability feeds, and no line of them
// may be a command.
#pragma once

#include <memory>
#include <ostream>

namespace github {

/// What is written to `stream()` reaches `to` line by line, each through harmless_line. An unfinished line is written
/// when this ends.
class FilteredStream {
  public:
    explicit FilteredStream(std::ostream& to);
    ~FilteredStream();

    std::ostream& stream();

  private:
    class Buffer;
    std::unique_ptr<Buffer> buffer_;
    std::unique_ptr<std::ostream> stream_;
};

}  // namespace github
