// The visible half of a publication: writes tags and verifies them, and knows at every moment what others see.
//
// A registry cannot compare and swap. Two runs that publish at once find each other by reading: each tag is read
// immediately before every attempt to write it, and again afterwards. Of two runs of the same version the one that is
// late at the first version tag writes no other; of two versions the newer one gets the moving tags. What a run wrote
// before it found out, it restores. docs/publishing.md explains it for users.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/version.h"
#include "publication/publication.h"
#include "registry/client.h"
#include "registry/upload.h"

namespace registry {

class TagWriter {
  public:
    /// `indexes`: the bytes that the tags name, by candidate; what is not among them is fetched from the registry.
    TagWriter(const World& world, Client& client, const std::string& host, const Publication& publication,
              const std::map<std::string, std::string>& indexes);

    /// Writes all version tags: the first one alone, then the repositories in parallel and the tags of each one after
    /// the other. `on_written` is called after each, one at a time. Every tag was seen when this returns. Throws
    /// Error{refused} if one of them names another image made from other inputs by then; Error{failed} for one made
    /// from the same inputs, and for a tag that the registry accepted twice and does not show.
    void write_version_tags(const std::function<void()>& on_written);

    /// Moves all moving tags, forwards only, and sees each. Throws Error{failed} if a newer version was published
    /// meanwhile: its tags stay, or are put back. Another run shows itself by any one of several moving tags; where
    /// there is only one to move, by the list of tags, which is asked for before and after.
    void move_tags(const std::function<void()>& on_written);

    /// Puts what is visible now in front of the problems, and what was not touched behind them.
    void describe_visible(Error& error) const;

    std::size_t written() const;  ///< counted from the first to the first that is not
    std::uint64_t bytes() const { return bytes_; }
    const Problems& warnings() const { return warnings_; }

  private:
    enum class State { untouched, pending, written };
    struct Tag {
        const Step& step;
        State state = State::untouched;
        std::string newer{};  ///< the newer DEFRA_VERSION that it names now, and keeps
    };
    using Tags = std::vector<Tag*>;

    Tags tags_of(StepKind kind);
    void write_and_verify(const Tags& tags, const std::function<void()>& on_written);
    void write_in_order(const Tags& tags, const std::function<void()>& on_written);
    void write_one(Tag& tag);
    std::optional<Digest> read_before_write(const Step& step);
    std::optional<Digest> read_after_failure(Tag& tag, const TagPut& put);
    [[noreturn]] void refuse_put(const Step& step, const TagPut& put, const std::optional<Digest>& now) const;
    bool may_write(Tag& tag, const std::optional<Digest>& now);
    [[noreturn]] void refuse_version(Tag& tag, const ExistingTag& theirs);
    void refuse_rewriting(const Step& step, const Digest& shown);
    void verify(Tag& tag);
    bool is_seen(Tag& tag);

    void keep_first_version_tag();
    [[noreturn]] void give_way(Tag& version_tag, const Digest& theirs);
    void restore_version_tags();
    bool restore(Tag& version_tag, const Step& moving);
    void restore_moving_tags();
    void restore(Tag& moving_tag, const std::optional<Version>& newest);
    bool moves_one_tag() const;
    std::optional<std::string> find_newer(const Step& step, const std::optional<Version>& limit = std::nullopt);
    void refuse_if_newer_is_published(const Step& step);

    TagPut put_index(const Step& step, const Digest& index);
    ExistingTag load_tag(const Step& step, const Digest& index);
    std::string bytes_of(const Step& step, const Digest& index);
    void set_state(Tag& tag, State state);
    std::string name_of(const Step& step) const { return step.repository + ":" + step.tag; }
    std::string render_visible() const;

    const World& world_;
    Client& client_;
    const std::string& host_;
    const Publication& publication_;
    std::map<Digest, std::string> indexes_;  ///< ours, and those that other runs gave the tags meanwhile
    std::set<Digest> ours_;
    std::vector<Tag> tags_;
    mutable std::mutex mutex_;  ///< guards the states, indexes_ and what follows
    bool failed_ = false;
    bool same_version_elsewhere_ = false;  ///< another run published this version
    std::uint64_t bytes_ = 0;
    Problems warnings_;
};

}  // namespace registry
