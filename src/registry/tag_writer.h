// The visible half of a publication: writes tags, verifies them, and knows at every moment what others see.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "publication/publication.h"
#include "registry/client.h"

namespace registry {

class TagWriter {
  public:
    /// `indexes`: the bytes that the tags name, by candidate; what is not among them is fetched from the registry.
    TagWriter(const World& world, Client& client, const std::string& host, const Publication& publication,
              const std::map<std::string, std::string>& indexes);

    /// Writes all tags of this kind, the repositories side by side and the tags of each one after the other, then
    /// verifies them. Preconditions that were read more than 30 s ago are asked for once more before the first is
    /// written. `on_written` is told after each, one at a time.
    void write(StepKind kind, const std::function<void()>& on_written);

    /// Puts what is visible now in front of the problems, and what was not touched behind them.
    void tell_visible(Error& error) const;

    std::size_t written() const;
    std::uint64_t bytes() const { return bytes_; }
    const Problems& warnings() const { return warnings_; }

  private:
    enum class State { untouched, on_its_way, written };
    struct Tag {
        const Step& step;
        State state = State::untouched;
    };

    std::vector<Tag*> tags_of(StepKind kind);
    void check_preconditions(const std::vector<Tag*>& tags);
    void write_one(Tag& tag, const std::function<void()>& on_written);
    void set_state(Tag& tag, State state);
    bool is_written_after_all(Tag& tag, Error& error);
    void verify(const Step& step);
    std::string bytes_of(const Step& step);
    std::string name_of(const Step& step) const { return step.repository + ":" + step.tag; }
    std::string render_visible() const;

    const World& world_;
    Client& client_;
    const std::string& host_;
    std::map<Digest, std::string> indexes_;
    std::vector<Tag> tags_;
    std::chrono::milliseconds read_at_;  ///< when the preconditions were true
    mutable std::mutex mutex_;           ///< guards the states, indexes_ and what follows
    bool failed_ = false;
    std::uint64_t bytes_ = 0;
    Problems warnings_;
};

}  // namespace registry
