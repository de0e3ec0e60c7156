#include "contract/file_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/error.h"
#include "contract/tar.h"

namespace {

constexpr std::size_t most_files = 500'000;
constexpr std::size_t largest_text = 16U << 20U;  // the RECORD of a wheel with 100,000 files
constexpr std::size_t largest_libc = 8U << 20U;
constexpr std::size_t most_text = 128U << 20U;  // of all files together
constexpr int most_links = 40;                  // as the kernel follows

std::vector<std::string> parts_of(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t slash = std::min(path.find('/', at), path.size());
        if (slash > at) parts.push_back(path.substr(at, slash - at));
        at = slash + 1;
    }
    return parts;
}

/// "./usr/bin/" and "usr/bin" are both "/usr/bin".
std::string absolute(const std::string& path) {
    std::string clean;
    for (const std::string& part : parts_of(path)) {
        if (part != ".") clean += "/" + part;
    }
    return clean.empty() ? "/" : clean;
}

bool wants_text(const std::string& path) {
    return path == "/etc/passwd" || path == "/etc/group" || path.starts_with("/var/lib/dpkg/status.d/") ||
           path.starts_with("/etc/ssl/") || path.ends_with(".crt") || path.ends_with(".pem") ||
           path.ends_with(".dist-info/RECORD");
}

/// libc.so.6 and ld-linux-x86-64.so.2, ld-linux-aarch64.so.1, …: both say which build of the C library they are.
bool is_libc(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    return name == "libc.so.6" || (name.starts_with("ld-linux") && name.find(".so.") != std::string::npos);
}

/// From "GNU C Library (Debian GLIBC 2.36-9+deb12u13) stable release".
std::string find_libc_build(const std::string& bytes) {
    const std::string before = "GLIBC 2.";
    for (std::size_t at = bytes.find(before); at != std::string::npos; at = bytes.find(before, at + 1)) {
        const std::size_t end = bytes.find_first_of(std::string(")\0\n", 3), at);
        if (end != std::string::npos && bytes[end] == ')') return bytes.substr(at + 6, end - at - 6);
    }
    return "";
}

/// RFC 4648 section 5, without padding: how a wheel's RECORD writes a hash.
std::string url_base64(const std::string& bytes) {
    std::string text = base64(bytes);
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text.substr(0, text.find('='));
}

FileType type_of(char type) {
    if (type == '0' || type == '1') return FileType::file;
    if (type == '2') return FileType::link;
    return type == '5' ? FileType::directory : FileType::other;
}

/// Reads a file's content as far as a row needs it.
void read_content(TarReader& tar, const std::string& path, FileFact& fact, std::size_t& kept) {
    const bool libc = is_libc(path) && fact.size <= largest_libc;
    const bool text = wants_text(path) && fact.size <= largest_text && kept + fact.size <= most_text;
    std::string_view piece = tar.read_piece();
    fact.elf = piece.starts_with(
        "\x7F"
        "ELF");
    std::string bytes;
    Hash md5("MD5");
    Hash sha256("SHA256");
    for (; !piece.empty(); piece = tar.read_piece()) {
        if (fact.elf) md5.add(piece);
        if (fact.elf) sha256.add(piece);
        if (libc || text) bytes += piece;
    }
    if (fact.elf) fact.md5 = hexadecimal(md5.finish());
    if (fact.elf) fact.sha256 = url_base64(sha256.finish());
    if (libc) fact.libc_build = find_libc_build(bytes);
    if (!text) return;
    kept += bytes.size();
    fact.text = std::move(bytes);
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

/// True if the entry is not a file but hides one of a lower layer (OCI image-spec, layer.md, "Whiteouts").
bool add_whiteout(LayerFiles& layer, const std::string& path) {
    const std::string prefix = ".wh.";
    const std::string name = name_of(path);
    if (!name.starts_with(prefix)) return false;
    const std::string directory = parent_of(path);
    if (name == ".wh..wh..opq") {
        layer.emptied.push_back(directory);
    } else {
        layer.removed.push_back((directory == "/" ? "" : directory) + "/" + name.substr(prefix.size()));
    }
    return true;
}

/// Layers on top of each other, as a snapshotter of an engine applies them.
class Stack {
  public:
    /// Whiteouts hide what is in lower layers only, wherever they stand in the tar.
    void add(const LayerFiles& layer) {
        for (const std::string& path : layer.emptied) remove_below(real(path));
        for (const std::string& path : layer.removed) remove(real(path));
        for (const LayerFiles::Entry& entry : layer.entries) add(entry);
    }

    /// Of several names of one content the first one is its name, the others are further ones.
    FileTree take() {
        std::set<std::size_t> named;
        for (auto& [path, fact] : tree_.files) fact.further_name = !named.insert(fact.content).second;
        return std::move(tree_);
    }

  private:
    /// The path with the links in its parent directories followed: a layer may write through a link of a lower one.
    std::string real(const std::string& path) const {
        if (path == "/") return path;
        const std::string parent = tree_.resolve(parent_of(path)).value_or(parent_of(path));
        return (parent == "/" ? "" : parent) + "/" + name_of(path);
    }

    void add(const LayerFiles::Entry& entry) {
        const std::string path = real(entry.path);
        add_parents(path);
        FileFact fact = entry.fact;
        fact.content = next_++;
        if (!entry.hard_link.empty()) {
            const auto first = tree_.files.find(real(entry.hard_link));
            if (first != tree_.files.end()) fact = first->second;
        }
        const auto there = tree_.files.find(path);
        const bool stays_directory =
            there != tree_.files.end() && there->second.type == FileType::directory && fact.type == FileType::directory;
        if (!stays_directory && path != "/") remove(path);
        tree_.files[path] = std::move(fact);
    }

    void add_parents(const std::string& path) {
        for (std::string parent = parent_of(path); parent != "/" && !tree_.files.contains(parent);
             parent = parent_of(parent)) {
            tree_.files[parent] = {.type = FileType::directory, .mode = 0755, .content = next_++};
        }
    }

    void remove(const std::string& path) {
        remove_below(path);
        tree_.files.erase(path);
    }

    void remove_below(const std::string& path) {
        const std::string below = path == "/" ? "/" : path + "/";
        auto file = tree_.files.upper_bound(below);
        while (file != tree_.files.end() && file->first.starts_with(below)) file = tree_.files.erase(file);
    }

    FileTree tree_;
    std::size_t next_ = 0;
};

}  // namespace

std::optional<std::string> FileTree::resolve(const std::string& path) const {
    std::vector<std::string> todo = parts_of(path);  // from the back
    std::ranges::reverse(todo);
    std::string here;
    for (int links = 0; !todo.empty();) {
        const std::string part = todo.back();
        todo.pop_back();
        if (part == ".") continue;
        if (part == "..") {
            here.erase(std::min(here.rfind('/'), here.size()));
            continue;
        }
        const auto found = files.find(here + "/" + part);
        if (found == files.end()) return std::nullopt;
        if (found->second.type != FileType::link) {
            here += "/" + part;
            continue;
        }
        if (++links > most_links) return std::nullopt;
        if (found->second.link.starts_with('/')) here.clear();
        const std::vector<std::string> target = parts_of(found->second.link);
        todo.insert(todo.end(), target.rbegin(), target.rend());
    }
    return here.empty() ? "/" : here;
}

std::optional<FileFact> FileTree::at(const std::string& path) const {
    const std::optional<std::string> real = resolve(path);
    if (!real) return std::nullopt;
    const auto found = files.find(*real);
    return found == files.end() ? std::nullopt : std::optional(found->second);
}

bool FileTree::has_file(const std::string& path) const {
    const std::optional<FileFact> fact = at(path);
    return fact && fact->type == FileType::file;
}

std::string FileTree::text_of(const std::string& path) const {
    const std::optional<FileFact> fact = at(path);
    return fact ? fact->text : "";
}

std::uint64_t FileTree::size() const {
    std::uint64_t size = 0;
    for (const auto& [path, fact] : files) {
        if (fact.type == FileType::file && !fact.further_name) size += fact.size;
    }
    return size;
}

LayerFiles read_layer(std::istream& stream, const std::string& source) {
    LayerFiles layer;
    TarReader tar(stream, source);
    std::size_t kept = 0;
    while (const std::optional<TarEntry> entry = tar.next()) {
        const std::string path = absolute(entry->path);
        if (add_whiteout(layer, path)) continue;
        LayerFiles::Entry& added = layer.entries.emplace_back();
        added.path = path;
        added.fact = {.type = type_of(entry->type),
                      .mode = entry->mode,
                      .uid = entry->uid,
                      .gid = entry->gid,
                      .size = entry->size,
                      .link = entry->type == '2' ? entry->link : ""};
        if (entry->type == '0') read_content(tar, path, added.fact, kept);
        if (entry->type == '1') added.hard_link = absolute(entry->link);
        if (layer.entries.size() > most_files) {
            throw Error{Exit::failed, fmt::format("{} has more than {} files", source, most_files),
                        "this is not an image of a Python service"};
        }
    }
    return layer;
}

FileTree stack_layers(const std::vector<const LayerFiles*>& layers) {
    Stack stack;
    for (const LayerFiles* layer : layers) stack.add(*layer);
    return stack.take();
}

FileTree read_file_tree(std::istream& stream, const std::string& source) {
    const LayerFiles whole = read_layer(stream, source);
    return stack_layers({&whole});
}
