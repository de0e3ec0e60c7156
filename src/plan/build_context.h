// Which files of the work tree a build can read: what .dockerignore lets in, of what the Dockerfile names. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/dockerfile.h"

/// The files that a build can read.
class BuildContext {
  public:
    /// `dockerignore`: the text of the file that counts for this Dockerfile (moby/patternmatcher, ignorefile).
    BuildContext(const Dockerfile& dockerfile, std::string_view dockerignore);

    bool holds(const std::string& path) const;
    /// False if nothing below this directory can be read: it need not be looked into.
    bool may_hold_below(const std::string& directory) const;
    /// What a link that is read points to is read too, if it is let in. True if that is new.
    bool add(const std::string& path);

  private:
    struct Pattern {
        std::vector<std::string> parts;
        bool lets_in = false;
    };

    bool is_ignored(const std::vector<std::string>& path) const;

    std::vector<std::vector<std::string>> read_;  ///< patterns, split at their slashes
    std::vector<Pattern> ignored_;
};
