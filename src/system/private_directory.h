// A directory that is removed again at the end of its scope, whatever ends it.
#pragma once

#include <filesystem>
#include <utility>

#include "base/error.h"
#include "system/files.h"

class PrivateDirectory {
  public:
    /// A new directory for temporary files.
    explicit PrivateDirectory(Files& files) : PrivateDirectory(files, files.make_temporary_directory()) {}
    /// This directory, which need not be there yet.
    PrivateDirectory(Files& files, std::filesystem::path path) : files_(files), path_(std::move(path)) {}
    PrivateDirectory(const PrivateDirectory&) = delete;
    PrivateDirectory& operator=(const PrivateDirectory&) = delete;
    ~PrivateDirectory() {
        try {
            files_.remove(path_);
        } catch (const Error&) {  // where an error ended the scope, that is the one to report
        }
    }

    const std::filesystem::path& path() const { return path_; }

  private:
    Files& files_;
    std::filesystem::path path_;
};
