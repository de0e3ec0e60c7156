// The build: a plan becomes ONE `buildx bake`, and that becomes one OCI layout per image and platform.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bake/bases.h"
#include "base/date.h"
#include "base/secret.h"
#include "oci/layout.h"
#include "plan/plan.h"
#include "system/world.h"

/// How buildx is called here: {"docker-buildx"} from PATH, else the docker CLI's plug-in, {"docker", "buildx"}. Throws
/// Error{failed}, with what to install, if there is neither, or one older than 0.13.
std::vector<std::string> find_buildx(const World& world);

/// The BuildKit that a builder of our own runs. `tools/pin` writes its digest.
inline constexpr const char* usual_buildkit = "docker.io/moby/buildkit:v0.32.2";

struct BuildSettings {
    std::vector<std::string> buildx;  ///< from find_buildx
    std::filesystem::path directory;  ///< the build context
    std::string dockerfile;           ///< in the directory
    std::filesystem::path out;  ///< images/ gets a directory for each layout, bases.json says what they are made from
    std::vector<Base> bases;    ///< one for each reference of list_bases
    Time source_date{};         ///< SOURCE_DATE_EPOCH: of the last commit that touched an input
    std::string source;         ///< URL of the repository; empty: not written
    std::filesystem::path ca;   ///< trust bundle for the steps that download; empty: none
    std::vector<std::string> cache_from;  ///< as buildx has them: "type=local,src=…" (layer_cache.h)
    std::vector<std::string> cache_to;
    bool without_cache = false;  ///< no step is taken from a cache, so that apt-get installs what Debian has now

    std::string builder;               ///< a builder that exists; empty: what the engine offers, see run_build
    bool containerd_store = true;      ///< of the engine (probe/engine.h)
    std::filesystem::path socket;      ///< of the engine, for its DOCKER_HOST; empty: as our environment has it
    std::vector<std::string> mirrors;  ///< of docker.io, as the engine has them: for a builder of our own
    std::map<std::string, Credentials> logins{};  ///< for pulling bases, by registry as people write it: "docker.io"
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
/// interrupted leaves the former ones; out/bases.json says nothing false about a layout at any time. Without a named
/// builder: the engine's own where it has the containerd image store, else a docker-container builder of ours that is
/// always removed again; what killed runs left behind a day ago or earlier is removed too. A bake that fails because of
/// the network (429, 5xx, a reset) is run again, three times in all; a failed step never. Throws Error{failed} with the
/// step as bake reported it, the command as run and a hint; also if another build writes to `out`, or an image was made
/// from something else than the recorded bases.
Built run_build(const World& world, const Plan& plan, const BuildSettings& settings);

/// What goes into images from the work tree: the Dockerfile, NAME.dockerignore or .dockerignore, and of what that lets
/// in, all that COPY, ADD and bind mounts name, with paths relative to `directory`, sorted. Links count by what they
/// say, and what they point to counts too; modes other than 0644 and 0755 count. Not .git and not out/. Throws
/// Error{bad_input} if there is no Dockerfile or it cannot be read.
std::vector<InputFile> load_input_files(Files& files, const std::filesystem::path& directory,
                                        const std::string& dockerfile);

/// What went wrong, from the end of bake's plain progress output: the failed step with what it printed, or bake's last
/// ERROR; at the line of the Dockerfile that bake names. `outputs` is the directory that bake wrote to.
Problem parse_bake_failure(std::string_view progress, const std::string& dockerfile, const std::string& outputs);

/// True if it was the network (429, 5xx, a reset, a time-out), so that the same bake may do better a little later.
/// Never for a failed step or a Dockerfile that cannot be parsed, whatever was printed.
bool is_network_fault(std::string_view progress);
