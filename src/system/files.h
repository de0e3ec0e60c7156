// Files and directories as the program needs them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/error.h"

inline constexpr const char* packed_twice = "this file is packed twice";

/// Relative paths are below the work tree. Below the work tree no symbolic link is followed: a user who may write into
/// a checkout could lead us anywhere. What is written there belongs to the owner of the work tree.
struct Files {
    virtual ~Files() = default;

    /// The whole text. Throws Error{bad_input} if there is no such file, or it is not a regular file (but a symbolic
    /// link, for example), or it is larger than 512 MiB; Error{failed} if it cannot be read.
    virtual std::string read(const std::filesystem::path& path) = 0;
    /// The same, or nothing if there is no such file, or no directory that it could be in.
    virtual std::optional<std::string> read_if_there(const std::filesystem::path& path) = 0;
    /// The names of a directory's entries, sorted; none if there is no such directory.
    virtual std::vector<std::string> names_in(const std::filesystem::path& directory) = 0;
    virtual bool is_directory(const std::filesystem::path& path) = 0;
    /// SHA-256 of a regular file of any size. Throws Error{failed}, also if there is no such file.
    virtual Digest digest_of(const std::filesystem::path& path) = 0;

    /// Writes the whole text or nothing (a temporary file beside it, flushed, renamed); makes missing directories. This
    /// and all that follows throw Error{failed}, naming the path.
    virtual void write(const std::filesystem::path& path, std::string_view text) = 0;
    /// For the runner's command files: appended in one write. Throws Error{bad_input} if there is no such file.
    virtual void append(const std::filesystem::path& path, std::string_view text) = 0;
    virtual void make_directory(const std::filesystem::path& path) = 0;
    /// Gives the content of `from` the further name `to`, by a hard link where possible, else by a copy.
    virtual void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    /// Writes what `from` holds, unpacked if it is gzip (RFC 1952, several members too), to `to`, for this run only: it
    /// is not flushed to the disk. Returns its SHA-256. Throws also for gzip that is damaged or cut off, and for what
    /// is packed twice: who reads the result would unpack it once more.
    virtual Digest unpack(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    virtual void rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    /// Removes a file or a whole directory; no error if it is not there.
    virtual void remove(const std::filesystem::path& path) = 0;
    /// A file or a whole directory that another program wrote as root, as we are in a container: the owner of the
    /// directory it lies in can then read and remove it. No error if it is not there.
    virtual void give_to_owner_of_directory(const std::filesystem::path& path) = 0;
    /// A new empty directory that only we may read, below the system's directory for temporary files.
    virtual std::filesystem::path make_temporary_directory() = 0;
};

/// A directory that is removed again at the end of its scope, whatever ends it.
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
