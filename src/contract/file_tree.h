// The file system of an image, from its layers or from an engine's export: paths, types, modes, owners, links, sizes,
// and the few contents that matter.
#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <vector>

enum class FileType { file, directory, link, other };

struct FileFact {
    FileType type = FileType::file;
    unsigned mode = 0;  ///< permission bits with set-uid, set-gid and sticky
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::uint64_t size = 0;
    std::string link;           ///< of a symbolic link: what it names
    std::size_t content = 0;    ///< the same for all names of one content, where layers were stacked
    bool further_name = false;  ///< a hard link: its content has been counted under another name
    bool elf = false;           ///< begins with ELF's magic bytes
    std::string md5;            ///< of ELF files: what dpkg's lists hold, hexadecimal
    std::string sha256;         ///< of ELF files: what a wheel's RECORD holds, base64 for URLs without padding
    std::string text;           ///< of small files that a row reads: users, package lists, certificates
    std::string libc_build;     ///< "2.36-9+deb12u13", of libc and the dynamic loader
};

struct FileTree {
    std::map<std::string, FileFact> files;  ///< by absolute path, without a slash at the end: "/usr/bin/env"

    /// The path with every symbolic link in it followed, or nothing if it leads nowhere.
    std::optional<std::string> resolve(const std::string& path) const;
    /// What the path leads to; nothing if it leads nowhere.
    std::optional<FileFact> at(const std::string& path) const;
    bool has_file(const std::string& path) const;
    std::string text_of(const std::string& path) const;  ///< "" if there is none
    std::uint64_t size() const;                          ///< bytes of all files, each content once
};

/// What one layer adds and removes, in the order of its tar.
struct LayerFiles {
    struct Entry {
        std::string path;  ///< absolute, as in FileTree
        FileFact fact;
        std::string hard_link;  ///< the path whose content this is; empty if it is not a hard link
    };
    std::vector<Entry> entries;
    std::vector<std::string> removed;  ///< paths of lower layers that are not to be seen (whiteouts)
    std::vector<std::string> emptied;  ///< directories whose content in lower layers is hidden (opaque whiteouts)
};

/// Reads a layer's unpacked tar once, without keeping it (OCI image-spec, layer.md). Throws Error{failed}, naming
/// `source`, if it is not a tar, or has too many files to be of an image.
LayerFiles read_layer(std::istream& tar, const std::string& source);

/// The layers on top of each other, the lowest first: what a container sees. A parent directory that no layer mentions
/// belongs to root, mode 0755, as engines make it.
FileTree stack_layers(const std::vector<const LayerFiles*>& layers);

/// The same for an export, which is the whole file system in one tar.
FileTree read_file_tree(std::istream& tar, const std::string& source);
