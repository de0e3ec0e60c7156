// How buildx is called: with a configuration of our own, and nothing of ours in its environment that it does not need.
// And a builder of our own, for engines whose classic image store cannot write OCI layouts.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bake/bake.h"
#include "system/world.h"

/// A Docker configuration without the user's credentials and contexts, made in `directory`, which must be private and
/// is removed after the build: it holds these logins, which buildx gives to BuildKit as it asks for them. It knows
/// where the user's own plug-ins are. And a configuration of git, which buildx asks for the commit.
void write_docker_configuration(const World& world, const std::filesystem::path& directory,
                                const std::map<std::string, Credentials>& logins = {});

/// The environment of every buildx. A named builder is kept in the user's configuration, so that is used then instead
/// of the one in `configuration`; with logins only buildx's part of it is.
Environment buildx_environment(const World& world, const BuildSettings& settings,
                               const std::filesystem::path& configuration);

Command buildx_command(const std::vector<std::string>& buildx, const std::vector<std::string>& arguments,
                       const Environment& environment);

/// Runs it, three times in all while the network fails; `before_again` is called after such a failure.
/// `when` is "during the build": for the log.
Finished run_patiently(
    const World& world, const Command& command, const std::string& when,
    const std::function<void()>& before_again = [] {});

/// What every builder of ours is called first, so that those of killed runs can be found.
inline constexpr const char* own_builder_prefix = "python-image-action-";

/// BuildKit's own settings for such a builder: the engine's mirrors of docker.io, which it would not know (BuildKit,
/// buildkitd.toml).
std::string render_buildkit_configuration(const std::vector<std::string>& mirrors);

/// Where the engine finds an image: engines know their own mirrors, but not those of --mirrors (by registry host). Only
/// an image that names its registry has a mirror here.
std::string locate_image(const std::string& image, const std::map<std::string, std::string>& mirrors);

/// A docker-container builder that lives as long as this object, in a cancelled run too.
class OwnBuilder {
  public:
    /// Makes and boots it, as run_patiently runs: the engine pulls settings.buildkit_image. `directory` is where its
    /// settings are written; its name comes from that directory's name, which is unique. Throws Error{failed} with what
    /// buildx said and what to do about it.
    OwnBuilder(const World& world, const BuildSettings& settings, const Environment& environment,
               const std::filesystem::path& directory);
    OwnBuilder(const OwnBuilder&) = delete;
    OwnBuilder& operator=(const OwnBuilder&) = delete;
    ~OwnBuilder();

    const std::string& name() const { return name_; }

  private:
    void remove() const;

    const World& world_;
    std::vector<std::string> buildx_;
    Environment environment_;
    std::string name_;
};

/// Removes containers and volumes of builders that killed runs of ours left behind a day ago or earlier, through the
/// engine itself: such a run's buildx configuration is gone. The log has what cannot be removed.
void remove_left_builders(const World& world, const std::filesystem::path& socket);
