// What this program keeps between runs, and how one run is named in another.
#pragma once

#include <filesystem>
#include <string>

#include "github/event.h"
#include "system/world.h"

/// This program's own cache directory, outside of the checkout; empty if neither XDG_CACHE_HOME nor HOME is set.
std::filesystem::path cache_directory(const World& world);

/// How later runs refer to this one when they use its results: its URL, else its time.
std::string name_of_run(const World& world, const github::Event& event);
