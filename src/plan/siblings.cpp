#include "plan/siblings.h"

#include <fmt/format.h>

#include <array>

namespace {

struct Sibling {
    const char* key;  ///< the field that only this one has
    const char* repository;
    const char* images;
};

constexpr std::array siblings = {
    Sibling{"nodeVersion", "defra-docker-node", "Node.js"},
    Sibling{"netVersion", "defra-docker-dotnetcore", ".NET"},
    Sibling{"sdkVersion", "defra-docker-dotnetcore", ".NET"},
};

Problem explain(const Sibling& sibling, Place at) {
    return {std::move(at),
            fmt::format("this is a matrix of {} ({}): its rows have \"{}\" and no \"pythonVersion\"",
                        sibling.repository, sibling.images, sibling.key),
            fmt::format(
                "what works for {} images already: scan and judge, by the references of images that are published.\n"
                "What does not: matrix, check, build, test, publish and run, which know Python's files only",
                sibling.images)};
}

}  // namespace

std::optional<Problem> recognise_sibling(const LinedJson& json) {
    std::optional<Problem> recognised;
    for (rapidjson::SizeType index = 0; index < items_of(json.root).Size(); ++index) {
        const Json& row = json.root[index];
        if (!member(row, "pythonVersion").IsNull()) return std::nullopt;
        for (const Sibling& sibling : siblings) {
            if (recognised || member(row, sibling.key).IsNull()) continue;
            recognised = explain(sibling, json.at(fmt::format("/{}/{}", index, sibling.key)));
        }
    }
    return recognised;
}
