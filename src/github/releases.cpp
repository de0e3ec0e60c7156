#include "github/releases.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "base/version.h"

namespace github {

namespace {

Release parse_release(const Json& json) {
    Release release{.id = number_at(json, "id"),
                    .tag = text_at(json, "tag_name"),
                    .draft = member(json, "draft").IsTrue(),
                    .ours = trimmed(text_at(json, "body")).empty() ||
                            text_at(json, "body").find(release_marker) != std::string::npos,
                    .url = text_at(json, "html_url"),
                    .uploads = text_at(json, "upload_url")};
    release.uploads = release.uploads.substr(0, release.uploads.find('{'));  // "…/assets{?name,label}"
    for (const Json& asset : items_at(json, "assets"))
        release.assets.push_back(
            {.id = number_at(asset, "id"),
             .name = text_at(asset, "name"),
             .size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_at(asset, "size"))),
             .digest = Digest::parse(text_at(asset, "digest")),
             .whole = text_at(asset, "state") == "uploaded"});
    return release;
}

}  // namespace

Release parse_release(const Response& response) {
    return parse_release(body_of(response));
}

const Asset* Release::find(const std::string& name) const {
    const auto found = std::ranges::find(assets, name, &Asset::name);
    return found == assets.end() ? nullptr : &*found;
}

std::vector<Release> load_releases(Api& api) {
    const rapidjson::Document all =
        api.load_list("releases?per_page=100", {"the releases could not be listed", "contents: read"});
    std::vector<Release> releases;
    for (const Json& release : items_of(all)) releases.push_back(parse_release(release));
    return releases;
}

const Release* find_last_release(const std::vector<Release>& releases) {
    const auto version_of = [](const Release& r) { return r.draft ? std::nullopt : parse_version(r.tag); };
    const auto last = std::ranges::max_element(releases, {}, version_of);  // no version is less than any
    return last == releases.end() || !version_of(*last) ? nullptr : &*last;
}

const Release* find_published(const std::vector<Release>& releases, const std::string& tag) {
    const auto found = std::ranges::find_if(releases, [&](const Release& r) { return !r.draft && r.tag == tag; });
    return found == releases.end() ? nullptr : &*found;
}

const Release* choose_draft(const std::vector<Release>& releases, const std::string& tag) {
    std::vector<const Release*> drafts;
    for (const Release& release : releases) {
        if (release.draft && release.ours && release.tag == tag) drafts.push_back(&release);
    }
    const auto rank = [](const Release* release) { return std::pair(release->assets.empty(), release->id); };
    const auto chosen = std::ranges::min_element(drafts, {}, rank);
    return chosen == drafts.end() ? nullptr : *chosen;
}

void download_asset(Api& api, const Asset& asset, const std::filesystem::path& to) {
    api.require(
        {.path = fmt::format("releases/assets/{}", asset.id), .save_to = to, .accept = "application/octet-stream"},
        {"the file " + asset.name + " of the release could not be fetched", "contents: read"});
}

std::string load_tag_commit(Api& api, const std::string& tag) {
    const Purpose purpose{"the tag " + tag + " could not be looked up", "contents: read"};
    const auto load = [&](const std::string& path) -> std::optional<rapidjson::Document> {
        const Response response = api.send({.path = path});
        if (response.status == 404) return std::nullopt;
        if (response.status != 200) throw make_refusal(purpose, response);
        return body_of(response);
    };
    const auto reference = load("git/ref/tags/" + percent_encoded(tag));
    if (!reference) return "";
    const Json& object = member(*reference, "object");
    if (text_at(object, "type") != "tag") return text_at(object, "sha");
    const auto annotated = load("git/tags/" + percent_encoded(text_at(object, "sha")));
    return annotated ? text_at(member(*annotated, "object"), "sha") : "";
}

}  // namespace github
