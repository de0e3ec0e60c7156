#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/encoding.h"
#include "base/version.h"
#include "github/releases.h"

namespace github {

namespace {

constexpr const char* release_permission = "contents: write";
constexpr int max_uploads = 3;
constexpr int looks_at_other = 24;
constexpr std::chrono::seconds pause_between_looks{5};

bool is_same(const Asset& asset, const AssetFile& file) {
    return asset.whole && asset.size == file.size && (!asset.digest || *asset.digest == file.digest);
}

/// One attempt at one release.
struct Maker {
    const World& world;
    Api& api;
    const WantedRelease& wanted;
    const Purpose purpose{"the release " + wanted.tag + " was not made", release_permission};
    std::string tagged{};  ///< the commit that the tag names already
    bool bound = true;     ///< the draft names its commit; else GitHub tags the default branch's newest commit

    MadeRelease make() {
        const std::vector<Release> releases = load_releases(api);
        if (const Release* there = find_published(releases, wanted.tag)) return found(*there);
        check_tag();
        check_other_drafts(releases);
        const Release* draft = choose_draft(releases, wanted.tag);
        Release release = draft != nullptr ? *draft : create();
        const Release kept = remove_other_drafts(release);
        if (draft == nullptr && kept.id != release.id) return wait_for_other(kept);
        release = kept;
        for (int round = 1; round <= max_uploads; ++round) {
            for (const AssetFile& file : wanted.assets) {
                if (!upload(release, file)) return published_by_another(release);
            }
            release = reload(release);
            if (!release.draft) return published_by_another(release);
            if (is_whole(release)) return publish(release);
        }
        throw Error{Exit::failed, "another run changes the files of the release " + wanted.tag + " at the same time",
                    "press Re-run failed jobs when it has ended"};
    }

    MadeRelease found(const Release& release) {
        const std::string commit = load_tag_commit(api, wanted.tag);
        if (!commit.empty() && commit != wanted.revision) {
            world.log << fmt::format("release  {} is published from {}; it is left as it is\n", wanted.tag,
                                     commit.substr(0, 7));
        }
        MadeRelease found{.url = release.url};
        for (const AssetFile& file : wanted.assets) {
            if (release.find(file.name) == nullptr) found.lacking.push_back(file.name);
        }
        return found;
    }

    /// A tag that was pushed before us decides which commit the release is of.
    void check_tag() {
        tagged = load_tag_commit(api, wanted.tag);
        if (tagged.empty() || tagged == wanted.revision) return;
        refuse(fmt::format("the tag {} is there already, on another commit ({})", wanted.tag, tagged.substr(0, 7)),
               "raise DEFRA_VERSION, or remove the tag if it was a mistake");
    }

    /// A person's, or another tool's such as release-drafter: to publish over it would lose its notes.
    void check_other_drafts(const std::vector<Release>& releases) const {
        for (const Release& release : releases) {
            if (!release.draft || release.ours || release.tag != wanted.tag) continue;
            refuse("there is a draft of the release " + wanted.tag +
                       " that this action did not write, so no release was made: " + release.url,
                   "delete the draft or give it another tag (copy its notes first), then press Re-run failed jobs");
        }
    }

    [[noreturn]] void refuse(const std::string& what, const std::string& hint) const {
        throw Error{Exit::refused, wanted.at, what, hint};
    }

    std::string notes() const { return wanted.notes + "\n\n" + release_marker + "\n"; }

    Response send_draft() {
        JsonWriter json;
        json.object({{"tag_name", wanted.tag},
                     {"target_commitish", unless_empty(bound ? wanted.revision : "")},
                     {"name", wanted.title},
                     {"body", notes()},
                     {"draft", true}});
        return api.send(
            {.method = "POST", .path = "releases", .body = json.one_line(), .creates = true, .notifies = true});
    }

    Release create() {
        Response response = send_draft();
        // A token of a workflow may never tag a commit that changes workflows, unless nothing has to be tagged, or the
        // tag falls on the default branch's newest commit by itself.
        if ((response.status == 403 || response.status == 404) && lands_right_without_target()) {
            bound = false;
            response = send_draft();
        }
        if (response.status == 201) return parse_release(response);
        // It may have happened all the same, or another run was quicker.
        if (is_worth_a_retry(response.status) || has_error(response, "already_exists", "tag_name")) {
            const std::vector<Release> releases = load_releases(api);
            if (const Release* draft = choose_draft(releases, wanted.tag)) return *draft;
            if (const Release* there = find_published(releases, wanted.tag)) return *there;
        }
        explain(response);
    }

    bool lands_right_without_target() {
        if (!tagged.empty()) return true;
        const Response head = api.send({.path = "commits/" + percent_encoded(wanted.default_branch)});
        return head.status == 200 && text_at(body_of(head), "sha") == wanted.revision;
    }

    [[noreturn]] void explain(const Response& response) const {
        if (response.status == 422 && says(response, "immutable release")) {
            refuse(fmt::format("the version {} belonged to an immutable release once, and can never be used again: {}",
                               wanted.tag, message_of(response)),
                   "raise DEFRA_VERSION");
        }
        Error error = make_refusal(purpose, response);
        std::string& hint = error.problems.front().hint;
        if (has_error(response, "custom", "pre_receive") || says(response, "creations being restricted")) {
            hint =
                "a rule of this repository does not let this tag be created: let the rule's bypass list hold GitHub "
                "Actions, or push the tag yourself and press Re-run failed jobs";
        } else if (has_error(response, "invalid", "target_commitish")) {
            hint = fmt::format("GitHub does not have the commit {}, which is checked out here: push it first",
                               wanted.revision.substr(0, 7));
        } else if (response.status == 403 || response.status == 404) {
            hint += fmt::format(
                "; if this commit changes .github/workflows, no workflow's token may tag it: git push origin "
                "{}:refs/tags/{}, then press Re-run failed jobs",
                wanted.revision, wanted.tag);
        }
        throw error;
    }

    /// Two attempts at once make two drafts: the oldest stays, empty ones go. Returns the one that stays.
    Release remove_other_drafts(const Release& release) {
        const std::vector<Release> releases = load_releases(api);
        const Release* kept = choose_draft(releases, wanted.tag);
        if (kept == nullptr) return release;
        for (const Release& other : releases) {
            const bool duplicate = other.draft && other.ours && other.tag == wanted.tag && other.id != kept->id;
            if (duplicate && other.assets.empty()) remove(other);
        }
        return *kept;
    }

    /// Another run made its draft before us, at the same time: two that fill one draft would mix their files.
    MadeRelease wait_for_other(Release release) {
        world.log << "release  another run is making it\n" << std::flush;
        for (int look = 0; look < looks_at_other; ++look) {
            world.clock.sleep(pause_between_looks);
            release = reload(release);
            if (!release.draft) return published_by_another(release);
        }
        throw Error{Exit::failed, "another run began to make the release " + wanted.tag + " and has not published it",
                    "press Re-run failed jobs when it has ended: what it left is filled up"};
    }

    bool is_whole(const Release& release) const {
        return std::ranges::all_of(wanted.assets, [&](const AssetFile& file) {
            const Asset* asset = release.find(file.name);
            return asset != nullptr && is_same(*asset, file);
        });
    }

    void remove(const Release& release) {
        api.send({.method = "DELETE", .path = fmt::format("releases/{}", release.id)});
    }

    Release reload(const Release& release) {
        return parse_release(api.require({.path = fmt::format("releases/{}", release.id)}, purpose));
    }

    /// False if the release was published by another run meanwhile.
    bool upload(Release& release, const AssetFile& file) {
        for (int attempt = 1;; ++attempt) {
            if (const Asset* there = release.find(file.name)) {
                if (is_same(*there, file)) return true;
                api.send({.method = "DELETE", .path = fmt::format("releases/assets/{}", there->id)});
            }
            const Response response = api.send({.method = "POST",
                                                .path = release.uploads + "?name=" + percent_encoded(file.name),
                                                .file = file.file,
                                                .creates = true});
            if (response.status == 201) return true;
            release = reload(release);
            if (!release.draft) return false;
            const bool again = is_worth_a_retry(response.status) || has_error(response, "already_exists");
            if (!again || attempt == max_uploads) {
                throw make_refusal(
                    {fmt::format("the file {} of the release {} was not uploaded; the release is still a "
                                 "draft",
                                 file.name, wanted.tag),
                     release_permission},
                    response);
            }
        }
    }

    MadeRelease published_by_another(const Release& release) {
        world.log << "release  another run published it meanwhile\n";
        return {.url = release.url};
    }

    MadeRelease publish(const Release& release) {
        JsonWriter json;
        // A draft of an earlier attempt may be bound to that attempt's commit.
        json.object({{"target_commitish", unless_empty(bound && tagged.empty() ? wanted.revision : "")},
                     {"name", wanted.title},
                     {"body", notes()},
                     {"draft", false},
                     {"make_latest", is_latest() ? "true" : "false"}});
        const Response response = api.send({.method = "PATCH",
                                            .path = fmt::format("releases/{}", release.id),
                                            .body = json.one_line(),
                                            .notifies = true});
        if (response.status == 422) remove(release);  // it can never be published
        if (response.status / 100 != 2) explain(response);
        check_bound();
        return {.url = parse_release(response).url, .created = true};
    }

    bool is_latest() {
        const std::vector<Release> releases = load_releases(api);
        const Release* last = find_last_release(releases);
        return last == nullptr || parse_version(last->tag) < parse_version(wanted.tag);
    }

    void check_bound() {
        const std::string commit = load_tag_commit(api, wanted.tag);
        if (commit.empty() || commit == wanted.revision) return;
        throw Error{Exit::failed, wanted.at,
                    fmt::format("the release {} is published, but its tag names {} and not {}", wanted.tag,
                                commit.substr(0, 7), wanted.revision.substr(0, 7)),
                    "the tag or the branch was moved meanwhile: see the release's page"};
    }
};

}  // namespace

MadeRelease make_release(const World& world, Api& api, const WantedRelease& wanted) {
    return Maker{world, api, wanted}.make();
}

}  // namespace github
