// A folder that is removed again at the end of its scope, whatever ends it.
#pragma once

#include <filesystem>
#include <utility>

#include "base/error.h"
#include "system/files.h"

class PrivateFolder {
  public:
    /// A new folder for temporary files.
    explicit PrivateFolder(Files& files) : PrivateFolder(files, files.make_temporary_folder()) {}
    /// This folder, which need not be there yet.
    PrivateFolder(Files& files, std::filesystem::path path) : files_(files), path_(std::move(path)) {}
    PrivateFolder(const PrivateFolder&) = delete;
    PrivateFolder& operator=(const PrivateFolder&) = delete;
    ~PrivateFolder() {
        try {
            files_.remove(path_);
        } catch (const Error&) {  // where an error ended the scope, that is the one to tell
        }
    }

    const std::filesystem::path& path() const { return path_; }

  private:
    Files& files_;
    std::filesystem::path path_;
};
