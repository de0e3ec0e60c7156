// Files on this machine's disks.
#pragma once

#include <functional>
#include <mutex>

#include "base/error.h"
#include "system/descriptor.h"
#include "system/files.h"

class RealFiles : public Files {
  public:
    /// Both must be there. `temporary`: below it, outside the work tree, make_temporary_directory makes its
    /// directories.
    RealFiles(const std::filesystem::path& work_tree, const std::filesystem::path& temporary);

    std::string read(const std::filesystem::path& path) override;
    std::optional<std::string> read_if_there(const std::filesystem::path& path) override;
    std::vector<std::string> names_in(const std::filesystem::path& directory) override;
    bool is_directory(const std::filesystem::path& path) override;
    Digest digest_of(const std::filesystem::path& path) override;
    void write(const std::filesystem::path& path, std::string_view text) override;
    void append(const std::filesystem::path& path, std::string_view text) override;
    void make_directory(const std::filesystem::path& path) override;
    void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Digest unpack(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void remove(const std::filesystem::path& path) override;
    void give_to_owner_of_directory(const std::filesystem::path& path) override;
    std::filesystem::path make_temporary_directory() override;

  private:
    /// A name in an open directory: what the system calls that end in -at take.
    struct Entry {
        FileDescriptor directory;  ///< not open, and errno is set, if there is no such directory
        std::string name;
    };
    enum class Missing { leave, make };
    enum class Flush { no, yes };
    using Fill = std::function<bool(const FileDescriptor& part)>;  ///< false, and errno is set, if it failed

    std::filesystem::path place_of(const std::filesystem::path& path) const;
    Entry find(const std::filesystem::path& path, Missing directories) const;
    FileDescriptor open_directory(const std::filesystem::path& place, Missing directories) const;
    FileDescriptor open_step(const FileDescriptor& directory, const std::string& name, Missing directories) const;
    FileDescriptor open_regular(const std::filesystem::path& path, int flags, Exit if_it_is_none) const;
    void replace(const std::filesystem::path& path, const Fill& fill, Flush flush = Flush::yes) const;

    std::filesystem::path work_tree_;
    std::filesystem::path temporary_;
    /// Held while a directory is made and given to its owner: in between another thread would take root for the owner.
    mutable std::mutex making_;
};
