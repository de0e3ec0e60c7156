// Where images are published: a registry, or a directory that is one.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "oci/layout.h"
#include "pipeline/settings.h"
#include "plan/plan.h"
#include "publication/publication.h"
#include "registry/client.h"
#include "registry/existing_tags.h"
#include "system/world.h"

/// An index that is published, with the images of these platforms as layouts on disk.
struct FetchedIndex {
    std::string bytes;
    std::vector<Layout> layouts;
};

class Destination {
  public:
    /// The place that --to names, else out/registry. What an earlier run left in the latter is replaced.
    Destination(const World& world, const Settings& settings);

    const std::string& name() const { return name_; }  ///< "docker.io/defradigital", "oci:out/registry"
    const Problems& warnings() const { return warnings_; }

    /// Tries whether these repositories may be written to; nothing to try in a directory. Throws Error{failed} if not.
    void try_push(const std::vector<std::string>& repositories);

    /// What is there under the tags that these candidates want.
    std::vector<ExistingTag> load_existing(const std::vector<Candidate>& candidates, const PublicationSources& sources);
    /// The moving tags of the plan's images, and everything that is published as this DEFRA_VERSION.
    std::vector<ExistingTag> load_existing(const Plan& plan, const std::string& version);

    /// Fetches an index that is published into layouts below `directory`.
    FetchedIndex fetch(const PublishedIndex& image, const std::vector<std::string>& platforms,
                       const std::filesystem::path& directory);

    /// Executes the steps; `note_done` gets the number that are done. Returns one line for the log. Warnings are added
    /// to warnings(). Throws Error that begins with what is visible by then.
    std::string execute(const Publication& publication, const PublicationSources& sources,
                        const std::function<void(std::size_t done)>& note_done);

  private:
    const World& world_;
    const Settings& settings_;
    std::filesystem::path directory_;
    std::string name_;
    Problems warnings_;
    std::optional<registry::Client> client_;  ///< nothing: it is a directory
};

/// Each once, in the order of the plan.
std::vector<std::string> repositories_of(const Plan& plan);
