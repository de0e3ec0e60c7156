// The images that images are made from: which ones a Dockerfile reads, how they are pinned, and out/bases.json.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/digest.h"
#include "oci/layout.h"
#include "plan/dockerfile.h"
#include "plan/plan.h"
#include "plan/shell_words.h"
#include "system/files.h"

/// The Dockerfile's interface for one image: BASE_VERSION, DISTROLESS_VERSION, PRODUCTION_KIND (distroless or slim),
/// PYTHON_VERSION, DEFRA_VERSION, SOURCE_DATE_EPOCH.
Variables make_build_arguments(const Plan& plan, const Image& image, Time source_date);

/// An image that building one target reads.
struct BaseUse {
    std::string reference;     ///< in its short form, see familiar_name: "python:3.13.3-slim-bookworm"
    std::string platform;      ///< "linux/amd64"; empty: the builder's own
    int line = 0;              ///< in the Dockerfile, of its first use
    bool is_frontend = false;  ///< named by "# syntax=": decides how everything else is read

    bool operator==(const BaseUse&) const = default;
};

struct TargetBases {
    std::vector<BaseUse> all;  ///< sorted, each once, without `scratch`
    std::string final_base;    ///< the reference at the end of the target's chain of FROMs; empty for `scratch`
};

/// What BuildKit reads for this target and platform. ARGs above the first FROM are defaults, which `arguments`
/// overrides. Throws Error{bad_input} with every problem and its line: no such target, an expansion that cannot be
/// done, a FROM without a valid reference, a stage used above its FROM.
TargetBases find_bases(const Dockerfile& dockerfile, const std::string& target, const Variables& arguments,
                       const std::string& platform);
/// The same for all images of the plan.
std::vector<BaseUse> list_bases(const Dockerfile& dockerfile, const Plan& plan);

/// A base image, pinned: out/bases.json has one entry for each.
struct Base {
    std::string reference;             ///< as FROM names it after expansion: "gcr.io/distroless/cc-debian12:nonroot"
    Digest digest;                     ///< what was built on: of the index or the manifest
    std::optional<Time> created;       ///< when that image was made
    std::optional<Digest> digest_now;  ///< what the reference names now; nothing if it was not asked for
    std::map<std::string, std::size_t> layers;  ///< how many, by platform: the first so many of an image are its base's
    bool stand_in = false;                      ///< made by the set-up because the real one could not be had
    std::vector<std::string> expected_failures;  ///< of a stand-in: the contract rows that it cannot pass
    std::map<std::string, Digest> images;        ///< made from it: the layouts' manifests by name
    std::filesystem::path layout;                ///< of a stand-in: where it is; not written to bases.json
    std::string pulled_from;  ///< "localhost:5000/hub/library/python@sha256:…"; empty: the reference. Not in bases.json
};

std::string render_bases_json(const std::vector<Base>& bases);
/// Throws Error{failed}, naming `source`, if it is not such a file.
std::vector<Base> parse_bases_json(std::string_view text, const std::string& source);

/// True if the record says that exactly this layout was made from the base. A record of a version that did not note
/// images holds for all.
bool is_base_of(const Base& base, const Layout& layout);

/// The set-up's list of stand-ins: {"<reference>": {"layout": "/absolute", "digest": "sha256:…", "excuses": ["size"]}},
/// their dates and layers read from the layouts. Throws Error{bad_input} with every error.
std::vector<Base> load_stand_ins(Files& files, const std::filesystem::path& path);
