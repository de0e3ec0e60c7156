// The build: a plan becomes ONE `buildx bake`, and that becomes one OCI layout per image and platform
// (facts about BuildKit: images-run.md §2-3, registry.md §4).
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
#include "base/secret.h"
#include "oci/layout.h"
#include "plan/dockerfile.h"
#include "plan/plan.h"
#include "plan/shell_words.h"
#include "system/world.h"

// --- What the images are made from -------------------------------------------------------------------------------

/// What goes into images from the work tree: the Dockerfile, NAME.dockerignore or .dockerignore, and of what that lets
/// in, all that COPY, ADD and bind mounts name, with paths relative to `directory`, sorted. Links count by what they
/// say, and what they point to counts too; modes other than 0644 and 0755 count. Not .git and not out/. Throws
/// Error{bad_input} if there is no Dockerfile or it cannot be read.
std::vector<InputFile> load_input_files(Files& files, const std::filesystem::path& directory,
                                        const std::string& dockerfile);

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
    std::vector<std::string> excuses;           ///< of a stand-in: the contract rows that it cannot keep
    std::map<std::string, Digest> images;       ///< made from it: the layouts' manifests by name
    std::filesystem::path layout;               ///< of a stand-in: where it is; not written to bases.json
    std::string pulled_from;  ///< "localhost:5000/hub/library/python@sha256:…"; empty: the reference with its
                              ///< digest. Not written to bases.json
};

std::string render_bases_json(const std::vector<Base>& bases);
/// Throws Error{failed}, naming `source`, if it is no such file.
std::vector<Base> parse_bases_json(std::string_view text, const std::string& source);

/// True if the record says that exactly this layout was made from the base. A record of a version that did not note
/// images holds for all.
bool is_base_of(const Base& base, const Layout& layout);

/// The set-up's list of stand-ins: {"<reference>": {"layout": "/absolute", "digest": "sha256:…", "excuses": ["size"]}},
/// their dates and layers read from the layouts. Throws Error{bad_input} with every mistake.
std::vector<Base> load_stand_ins(Files& files, const std::filesystem::path& path);

// --- Building ----------------------------------------------------------------------------------------------------

/// buildx as it can be called here.
struct Buildx {
    std::vector<std::string> command;  ///< {"docker-buildx"} or {"docker", "buildx"}
    std::string version;               ///< "0.36.1"; empty if it does not say
};

/// `docker-buildx` from PATH, else the docker CLI's plug-in. Throws Error{failed}, with what to install, if there is
/// neither, or one older than 0.13.
Buildx find_buildx(const World& world);

/// The BuildKit that a builder of our own runs. `tools/pin` writes its digest.
inline constexpr const char* usual_buildkit = "docker.io/moby/buildkit:v0.32.2";

/// What a registry is told when a base is pulled from it.
struct RegistryLogin {
    std::string host;  ///< as people write it: "docker.io"
    std::string user;
    Secret password;
};

struct BuildSettings {
    Buildx buildx;
    std::filesystem::path directory;  ///< the build context
    std::string dockerfile;           ///< in the directory
    std::filesystem::path out;  ///< images/ gets a directory for each layout, bases.json says what they are made from
    std::vector<Base> bases;    ///< one for each reference of list_bases
    Time source_date{};         ///< SOURCE_DATE_EPOCH: of the last commit that touched an input
    std::string source;         ///< URL of the repository; empty: not written
    std::filesystem::path ca;   ///< trust bundle for the steps that download; empty: none
    bool no_cache = false;
    std::vector<std::string> cache_from;  ///< as buildx has them: "type=local,src=…" (layer_cache.h)
    std::vector<std::string> cache_to;

    std::string builder;                  ///< a builder that exists; empty: what the engine offers, see run_build
    bool containerd_store = true;         ///< of the engine (probe/engine.h)
    std::filesystem::path socket;         ///< of the engine, for its DOCKER_HOST; empty: as our environment has it
    std::vector<std::string> mirrors;     ///< of docker.io, as the engine has them: for a builder of our own
    std::vector<RegistryLogin> logins{};  ///< for pulling bases
    std::string buildkit_image = usual_buildkit;  ///< for a builder of our own
};

/// The bake file (JSON): one target per image and platform, each writing a directory of its own below `outputs`.
std::string render_bake(const Plan& plan, const BuildSettings& settings, const Dockerfile& dockerfile,
                        const std::filesystem::path& outputs);

/// BuildKit's source policy (EXPERIMENTAL_BUILDKIT_SOURCE_POLICY): no image is read but those with these digests. One
/// that find_bases missed ends the build before it is pulled.
std::string render_source_policy(const std::vector<Base>& bases);

struct Built {
    std::vector<Layout> layouts;  ///< in the order of the plan, platforms inside
    Problems notices;             ///< trouble with the layer cache, which fails no build
};

/// Builds the plan's images, all in one bake, into out/images/NAME-PLATFORM. A layout is replaced only when the whole
/// bake ended well and BuildKit's provenance of every image names only recorded bases, so a build that fails or is
/// interrupted leaves the former ones; out/bases.json is true for every layout at any time. Without a named builder:
/// the engine's own where it has the containerd image store, else a docker-container builder of ours that is removed
/// again always; what killed runs left behind a day ago or earlier is removed too. A bake that fails by the network
/// (429, 5xx, a reset) is run again, three times in all (registry.md §6); a failed step never. Throws Error{failed}
/// with the step as bake reported it, the command as run and a hint; also if another build writes to `out`, or an image
/// was made from something else than the recorded bases.
Built run_build(const World& world, const Plan& plan, const BuildSettings& settings);
