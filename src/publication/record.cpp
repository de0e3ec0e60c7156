#include "publication/record.h"

#include <algorithm>

#include "base/json.h"

PublicationRecord parse_publication_json(std::string_view text, const std::string& source) {
    const auto refuse = [&](const std::string& what) {
        throw Error{Exit::failed, {{{source, 0}, what, "publish again: every publication writes it"}}};
    };
    const rapidjson::Document root = parse_tool_json(text, source);
    if (!member(root, "steps").IsArray() || !member(root, "images").IsArray()) refuse("this is no publication");
    PublicationRecord record{.destination = text_at(root, "destination"), .complete = false, .images = {}};
    const auto steps = items_at(root, "steps");
    record.complete =
        !member(root, "refused").IsTrue() &&
        std::all_of(steps.begin(), steps.end(), [](const Json& step) { return member(step, "done").IsTrue(); });
    for (const Json& image : items_at(root, "images")) {
        const auto digest = Digest::parse(text_at(image, "digest"));
        const auto inputs = Digest::parse(text_at(image, "inputs"));
        if (!digest || !inputs) refuse("an image without its digests");
        record.images.push_back({text_at(image, "name"), text_at(image, "repository"), text_at(image, "tag"), *digest,
                                 *inputs, !member(image, "as_built").IsFalse()});
    }
    return record;
}

std::string render_pull_reference(const PublicationRecord& record, const PublishedImage& image) {
    if (record.destination.starts_with("oci:")) return "";
    // The namespace is a part of the repository's name already.
    return record.destination.substr(0, record.destination.find('/')) + "/" + image.repository + "@" +
           image.index.text();
}
