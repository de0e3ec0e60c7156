// Keeps two processes from writing to one directory at the same time.
#pragma once

#include <filesystem>

#include "system/descriptor.h"

/// The lock of a directory, for as long as this object lives; the system takes it away with the process, however that
/// ends (flock(2)). A directory that is not there, or on a disk without locks, is not locked: nothing can be lost then
/// but time.
class DirectoryLock {
  public:
    explicit DirectoryLock(const std::filesystem::path& directory);

    /// False if another one has it.
    bool is_ours() const { return is_ours_; }

  private:
    FileDescriptor directory_;
    bool is_ours_ = true;
};
