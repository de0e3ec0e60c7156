// Releases: found, made as a draft, filled, and published last of all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "github/api.h"

namespace github {

struct Asset {
    std::int64_t id = 0;
    std::string name;
    std::uint64_t size = 0;
    std::optional<Digest> digest;  ///< not reported by every server
    bool whole = false;            ///< its upload came to an end
};

struct Release {
    std::int64_t id = 0;
    std::string tag;
    bool draft = false;
    bool ours = false;    ///< this action wrote its notes, or it has none
    std::string url;      ///< in the browser
    std::string uploads;  ///< where its assets are sent to
    std::vector<Asset> assets{};

    const Asset* find(const std::string& name) const;  ///< nullptr: it has none of that name
};

/// Of a response that is one release. Throws Error{failed} if it is not.
Release parse_release(const Response& response);

/// Hidden in the notes of every release that this action makes. Our own drafts have it, unlike those of people and of
/// other tools, whose notes must not be lost.
inline constexpr const char* release_marker = "<!-- python-image-action:release -->";

/// All of them, drafts included if the token may write. Throws make_refusal.
std::vector<Release> load_releases(Api& api);

/// The published release of the highest version, of those whose tag is a bare version; nullptr if there is none.
const Release* find_last_release(const std::vector<Release>& releases);
const Release* find_published(const std::vector<Release>& releases, const std::string& tag);
/// Our draft to go on with: of those with this tag the oldest that holds assets, else the oldest.
const Release* choose_draft(const std::vector<Release>& releases, const std::string& tag);

struct AssetFile {
    std::string name;
    std::filesystem::path file;
    std::uint64_t size = 0;
    Digest digest;
};

struct WantedRelease {
    std::string tag;       ///< "1.0.0"
    std::string title;     ///< "Python 1.0.0"
    std::string notes;     ///< Markdown
    std::string revision;  ///< the commit that it is bound to, 40 digits
    std::string default_branch;
    std::vector<AssetFile> assets{};
    Place at;  ///< the line that names the version
};

struct MadeRelease {
    std::string url;
    bool created = false;                ///< false: it was there
    std::vector<std::string> lacking{};  ///< files that it should hold and does not: it was made by hand
};

/// Makes the release, or finds it. A draft that an earlier attempt left, whatever its commit, is completed and bound to
/// this commit. What is published already is left alone. Throws Error{refused} if the version is taken (a tag on
/// another commit, an immutable release that was deleted, a draft that this action did not write), make_refusal for
/// what GitHub does not let us do, with what to do about it.
MadeRelease make_release(const World& world, Api& api, const WantedRelease& wanted);

/// Throws make_refusal.
void download_asset(Api& api, const Asset& asset, const std::filesystem::path& to);

/// The commit that a tag names, through annotated tags; empty if there is no such tag. Throws make_refusal.
std::string load_tag_commit(Api& api, const std::string& tag);

}  // namespace github
