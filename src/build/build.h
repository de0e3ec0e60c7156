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
#include "plan/plan.h"
#include "system/world.h"

// --- What the images are made from -------------------------------------------------------------------------------

/// What goes into images from the work tree: Dockerfile, .dockerignore, image/** and certificates/**, with paths
/// relative to `directory`, sorted. What is not there is left out. Throws Error{bad_input} if there is no Dockerfile,
/// or for a link (what it names is no input).
std::vector<InputFile> load_input_files(Files& files, const std::filesystem::path& directory,
                                        const std::string& dockerfile = "Dockerfile");

/// The Dockerfile's interface for one image: BASE_VERSION, DISTROLESS_VERSION, PRODUCTION_KIND (distroless or slim),
/// PYTHON_VERSION, DEFRA_VERSION, SOURCE_DATE_EPOCH.
std::map<std::string, std::string> make_build_arguments(const Plan& plan, const Image& image, Time source_date);

/// The references of FROM and --from that the target reaches, after expansion with these arguments:
/// "python:3.13.3-slim-bookworm". Sorted, each once; `scratch` and the Dockerfile's own stages left out. Throws
/// Error{bad_input}, with the line, for a target that is not there.
std::vector<std::string> list_bases(std::string_view dockerfile, const std::string& file, const std::string& target,
                                    const std::map<std::string, std::string>& arguments);
/// The same for all images of the plan.
std::vector<std::string> list_bases(std::string_view dockerfile, const std::string& file, const Plan& plan);

/// The reference that the target stands on: the end of its chain of FROMs. Empty for `scratch`. Throws like list_bases.
std::string find_final_base(std::string_view dockerfile, const std::string& file, const std::string& target,
                            const std::map<std::string, std::string>& arguments);

/// A base image, pinned: out/bases.json has one entry for each.
struct Base {
    std::string reference;             ///< as FROM names it after expansion: "gcr.io/distroless/cc-debian12:nonroot"
    Digest digest;                     ///< what was built on: of the index or the manifest
    std::optional<Time> created;       ///< when that image was made
    std::optional<Digest> digest_now;  ///< what the reference names now; nothing if it was not asked for
    std::map<std::string, std::size_t> layers;  ///< how many, by platform: the first so many of an image are its base's
    bool stand_in = false;                      ///< made by the set-up because the real one could not be had
    std::vector<std::string> excuses;           ///< of a stand-in: the contract rows that it cannot keep
    std::filesystem::path layout;               ///< of a stand-in: where it is; not written to bases.json
    std::string pulled_from;  ///< "localhost:5000/hub/library/python@sha256:…"; empty: the reference with its
                              ///< digest. Not written to bases.json
};

std::string render_bases_json(const std::vector<Base>& bases);
/// Throws Error{failed}, naming `source`, if it is no such file.
std::vector<Base> parse_bases_json(std::string_view text, const std::string& source);

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
    std::filesystem::path directory = ".";  ///< the build context
    std::string dockerfile = "Dockerfile";  ///< in the directory
    std::filesystem::path images;           ///< out/images: each layout gets a folder of its own in there
    std::vector<Base> bases;                ///< one for each reference of list_bases
    Time source_date{};                     ///< SOURCE_DATE_EPOCH: of the last commit that touched an input
    std::string source;                     ///< URL of the repository; empty: not written
    std::filesystem::path ca;               ///< trust bundle for the steps that download; empty: none
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

/// The bake file (JSON): one target per image and platform, each writing a folder of its own below `outputs`.
std::string render_bake(const Plan& plan, const BuildSettings& settings, std::string_view dockerfile,
                        const std::filesystem::path& outputs);

struct Built {
    std::vector<Layout> layouts;  ///< in the order of the plan, platforms inside
    Problems notices;             ///< trouble with the layer cache, which fails no build
};

/// Builds the plan's images, all in one bake, into settings.images/NAME-PLATFORM: a folder is replaced only when the
/// whole bake ended well, so an interrupted build leaves the former ones.
/// Without a named builder: the engine's own where it has the containerd image store, else a docker-container builder
/// of ours that is removed again always; what killed runs left behind a day ago or earlier is removed too. A bake that
/// fails by the network (429, 5xx, a reset) is run again, three times in all (registry.md §6); a failed step never.
/// Throws Error{failed} with the step as bake said it, the command as run and a hint.
Built run_build(const World& world, const Plan& plan, const BuildSettings& settings);
