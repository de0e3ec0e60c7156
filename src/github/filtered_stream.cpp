#include "github/filtered_stream.h"

#include <streambuf>
#include <string>

#include "github/runner.h"

namespace github {

/// The standard library's own way to write a stream of one's own, and the only inheritance outside of system/.
class FilteredStream::Buffer : public std::streambuf {
  public:
    explicit Buffer(std::ostream& to) : to_(to) {}
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() override {
        if (!line_.empty()) to_ << harmless_line(line_) << std::flush;
    }

  protected:
    int_type overflow(int_type character) override {
        if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
        const char c = traits_type::to_char_type(character);
        if (c != '\n') {
            line_ += c;
        } else {
            to_ << harmless_line(line_) << std::endl;
            line_.clear();
        }
        return character;
    }

  private:
    std::ostream& to_;
    std::string line_;
};

FilteredStream::FilteredStream(std::ostream& to)
    : buffer_(std::make_unique<Buffer>(to)), stream_(std::make_unique<std::ostream>(buffer_.get())) {}

FilteredStream::~FilteredStream() = default;

std::ostream& FilteredStream::stream() {
    return *stream_;
}

}  // namespace github
