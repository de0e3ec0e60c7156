// A file descriptor that closes itself, and what is done to open files in more than one place of this module.
#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

class FileDescriptor {
  public:
    explicit FileDescriptor(int number = -1) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~FileDescriptor();

    bool is_open() const { return number_ >= 0; }
    int number() const { return number_; }

  private:
    int number_;
};

/// Writes all of it, however many calls that takes. False, and errno is set, if that fails.
bool write_all(const FileDescriptor& file, std::string_view bytes);

/// Throws Error{failed}: the path cannot be written, read, … for the reason in errno, and what a person can do about
/// it.
[[noreturn]] void refuse_path(const std::filesystem::path& path, const char* what);

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
