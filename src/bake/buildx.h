// How buildx is called: with a configuration of our own, and nothing of ours in its environment that it does not need.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bake/bake.h"
#include "system/world.h"

/// A Docker configuration without the user's credentials and contexts, made in `directory` (faults.md D16), which must
/// be private and is removed after the build: it holds these logins, which buildx gives to BuildKit as it asks for
/// them. It knows where the user's own plug-ins are. And git's, for buildx, which asks it for the commit.
void write_docker_configuration(const World& world, const std::filesystem::path& directory,
                                const std::vector<RegistryLogin>& logins = {});

/// The environment of every buildx. A named builder is kept in the user's configuration, so that is used then instead
/// of the one in `configuration`; with logins only buildx's part of it is.
Environment buildx_environment(const World& world, const BuildSettings& settings,
                               const std::filesystem::path& configuration);

Command buildx_command(const Buildx& buildx, const std::vector<std::string>& arguments, const Environment& environment);
