#include "system/real_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <random>

#include "base/encoding.h"
#include "system/cancellation.h"
#include "system/memory.h"

namespace fs = std::filesystem;

namespace {

constexpr off_t max_text = off_t{512} << 20U;
constexpr std::size_t piece = std::size_t{256} << 10U;  // stays in a processor's own cache
constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

bool is_absent(int error) {
    return error == ENOENT || error == ENOTDIR;
}

bool is_symbolic_link(const FileDescriptor& directory, const std::string& name) {
    struct stat status {};
    return fstatat(directory.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
}

/// What is left of the file, in pieces. False, and errno is set, if it cannot be read.
bool read_pieces(const FileDescriptor& file, const std::function<bool(std::string_view)>& take) {
    std::string buffer(piece, '\0');
    while (true) {
        stop_if_cancelled();
        const ssize_t count = read(file.number(), buffer.data(), buffer.size());
        if (count == 0) return true;
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 || !take(std::string_view(buffer.data(), static_cast<std::size_t>(count)))) return false;
    }
}

/// Sorted; nothing, and errno is set, if the directory cannot be read.
std::optional<std::vector<std::string>> names_of(const FileDescriptor& directory) {
    std::vector<std::string> names;
    DIR* stream = fdopendir(openat(directory.number(), ".", directory_flags));
    if (stream == nullptr) return std::nullopt;
    errno = 0;  // a directory that cannot be read to its end looks like its end
    while (const dirent* entry = readdir(stream)) {
        const std::string name = static_cast<const char*>(entry->d_name);
        if (name != "." && name != "..") names.push_back(name);
        errno = 0;
    }
    const int error = errno;
    closedir(stream);
    errno = error;
    if (error != 0) return std::nullopt;
    std::ranges::sort(names);
    return names;
}

/// A file, a link or a whole directory. False, and errno is set, if something of it stays.
bool remove_entry(const FileDescriptor& directory, const std::string& name) {
    if (unlinkat(directory.number(), name.c_str(), 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR) return false;
    const FileDescriptor inner(openat(directory.number(), name.c_str(), directory_flags | O_NOFOLLOW));
    const std::optional<std::vector<std::string>> names = inner.is_open() ? names_of(inner) : std::nullopt;
    if (!names) return false;
    for (const std::string& below : *names) {
        if (!remove_entry(inner, below)) return false;
    }
    return unlinkat(directory.number(), name.c_str(), AT_REMOVEDIR) == 0;
}

/// A file under a name that nothing else has (two runs may work in one directory, and in a container each of them is
/// process 1), on its way to its own name. Whatever happens, the first name does not stay.
struct Part {
    const FileDescriptor& directory;
    std::string name;

    explicit Part(const FileDescriptor& in) : directory(in) {
        std::random_device random;
        name = fmt::format(".part-{:08x}{:08x}", random(), random());
    }
    ~Part() {
        const int before = errno;
        unlinkat(directory.number(), name.c_str(), 0);
        errno = before;
    }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

    bool becomes(const std::string& final_name) const {
        return renameat(directory.number(), name.c_str(), directory.number(), final_name.c_str()) == 0;
    }
};

/// A file, a link or a whole directory. Where the disk does not let us, it stays ours.
void give_tree(const FileDescriptor& directory, const std::string& name, const struct stat& owner) {
    [[maybe_unused]] const int result =
        fchownat(directory.number(), name.c_str(), owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW);
    const FileDescriptor inner(openat(directory.number(), name.c_str(), directory_flags | O_NOFOLLOW));
    if (!inner.is_open()) return;
    for (const std::string& below : names_of(inner).value_or(std::vector<std::string>{}))
        give_tree(inner, below, owner);
}

/// What root writes belongs to the owner of the directory it is in: a file of root in a checkout breaks the next
/// checkout, and a cache of root's could be neither saved nor removed. Where the disk does not let us, it stays ours.
void give_to_owner_of(const FileDescriptor& directory, const FileDescriptor& file) {
    struct stat owner {};
    if (geteuid() != 0 || fstat(directory.number(), &owner) != 0) return;
    [[maybe_unused]] const int result = fchown(file.number(), owner.st_uid, owner.st_gid);
}

/// Outside of the work tree, with the same owner.
void make_directories(const fs::path& path) {
    std::error_code none;
    if (path == path.parent_path() || fs::is_directory(path, none)) return;
    make_directories(path.parent_path());
    struct stat owner {};
    if (mkdir(path.c_str(), 0755) != 0 || geteuid() != 0 || stat(path.parent_path().c_str(), &owner) != 0) return;
    [[maybe_unused]] const int result = chown(path.c_str(), owner.st_uid, owner.st_gid);
}

mode_t mode_of(const FileDescriptor& directory, const std::string& name) {
    struct stat status {};
    const bool is_file =
        fstatat(directory.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
    return is_file ? status.st_mode & 0777U : 0644U;
}

}  // namespace

RealFiles::RealFiles(const fs::path& work_tree, const fs::path& temporary)
    : work_tree_(fs::absolute(work_tree).lexically_normal()), temporary_(temporary) {
    if (!work_tree_.has_filename() && work_tree_.has_relative_path()) work_tree_ = work_tree_.parent_path();
    if (access(work_tree_.c_str(), F_OK) != 0) refuse_path(work_tree, "cannot be worked in");
}

std::string RealFiles::read(const fs::path& path) {
    if (std::optional<std::string> text = read_if_there(path)) return std::move(*text);
    throw Error{Exit::bad_input, {path.string()}, "there is no such file", ""};
}

std::optional<std::string> RealFiles::read_if_there(const fs::path& path) {
    const FileDescriptor file = open_regular(path, O_RDONLY, Exit::bad_input);
    if (!file.is_open() && is_absent(errno)) return std::nullopt;
    if (!file.is_open()) refuse_path(path, "cannot be read");
    std::string text;
    struct stat state {};
    if (fstat(file.number(), &state) == 0 && state.st_size > 0)
        make_room(text, static_cast<std::size_t>(std::min(state.st_size, max_text)));
    const bool whole = read_pieces(file, [&](std::string_view bytes) {
        text += bytes;
        if (text.size() > max_text)
            throw Error{Exit::bad_input, {path.string()}, "the file is larger than 512 MiB", ""};
        return true;
    });
    if (!whole) refuse_path(path, "cannot be read");
    return text;
}

std::vector<std::string> RealFiles::names_in(const fs::path& directory) {
    const FileDescriptor open = open_directory(place_of(directory), Missing::leave);
    if (!open.is_open() && is_absent(errno)) return {};
    const std::optional<std::vector<std::string>> names = open.is_open() ? names_of(open) : std::nullopt;
    if (!names) refuse_path(directory, "cannot be listed");
    return *names;
}

bool RealFiles::is_directory(const fs::path& path) {
    return open_directory(place_of(path), Missing::leave).is_open();
}

Digest RealFiles::digest_of(const fs::path& path) {
    const FileDescriptor file = open_regular(path, O_RDONLY, Exit::failed);
    Hash sum("SHA256");
    const auto add = [&](std::string_view bytes) {
        sum.add(bytes);
        return true;
    };
    if (!file.is_open() || !read_pieces(file, add)) refuse_path(path, "cannot be read");
    return sum.finish_sha256();
}

void RealFiles::write(const fs::path& path, std::string_view text) {
    replace(path, [&](const FileDescriptor& part) { return write_all(part, text); });
}

void RealFiles::append(const fs::path& path, std::string_view text) {
    const FileDescriptor file = open_regular(path, O_WRONLY | O_APPEND, Exit::bad_input);
    if (!file.is_open() && is_absent(errno)) throw Error{Exit::bad_input, {path.string()}, "there is no such file", ""};
    if (!file.is_open() || !write_all(file, text)) refuse_path(path, "cannot be written");
}

void RealFiles::make_directory(const fs::path& path) {
    if (!open_directory(place_of(path), Missing::make).is_open()) refuse_path(path, "cannot be made");
}

void RealFiles::link_or_copy(const fs::path& from, const fs::path& to) {
    const FileDescriptor source = open_regular(from, O_RDONLY, Exit::failed);
    if (!source.is_open()) refuse_path(from, "cannot be read");
    const Entry old_name = find(from, Missing::leave);
    const Entry new_name = find(to, Missing::make);
    if (!new_name.directory.is_open()) refuse_path(to, "cannot be written");
    const Part part(new_name.directory);
    if (linkat(old_name.directory.number(), old_name.name.c_str(), part.directory.number(), part.name.c_str(), 0) ==
        0) {
        if (!part.becomes(new_name.name)) refuse_path(to, "cannot be written");
        return;
    }
    replace(to, [&](const FileDescriptor& copy) {
        return read_pieces(source, [&](std::string_view bytes) { return write_all(copy, bytes); });
    });
}

Digest RealFiles::unpack(const fs::path& from, const fs::path& to) {
    const FileDescriptor source = open_regular(from, O_RDONLY, Exit::failed);
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> packed(
        source.is_open() ? gzdopen(fcntl(source.number(), F_DUPFD_CLOEXEC, 0), "rb") : nullptr, &gzclose_r);
    if (packed == nullptr) refuse_path(from, "cannot be read");
    gzbuffer(packed.get(), piece);
    Hash sum("SHA256");
    const auto fill = [&](const FileDescriptor& file) {
        std::string buffer(piece, '\0');
        bool is_first = true;
        while (true) {
            stop_if_cancelled();
            const int count = gzread(packed.get(), buffer.data(), piece);
            if (count <= 0) break;
            const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
            if (is_first && begins_packed(bytes)) throw Error{Exit::failed, {from.string()}, packed_twice, ""};
            is_first = false;
            sum.add(bytes);
            if (!write_all(file, bytes)) return false;
        }
        int error = Z_OK;  // where the stream ends too early, only this says so
        gzerror(packed.get(), &error);
        if (error == Z_ERRNO) refuse_path(from, "cannot be read");
        if (error != Z_OK) throw Error{Exit::failed, {from.string()}, "this gzip file is damaged or cut off", ""};
        return true;
    };
    replace(to, fill, Flush::no);
    return sum.finish_sha256();
}

void RealFiles::rename(const fs::path& from, const fs::path& to) {
    const Entry old_name = find(from, Missing::leave);
    if (!old_name.directory.is_open()) refuse_path(from, "cannot be renamed");
    const Entry new_name = find(to, Missing::make);
    if (!new_name.directory.is_open()) refuse_path(to, "cannot be written");
    if (renameat(old_name.directory.number(), old_name.name.c_str(), new_name.directory.number(),
                 new_name.name.c_str()) != 0) {
        refuse_path(from, ("cannot be renamed to " + to.string()).c_str());
    }
}

void RealFiles::remove(const fs::path& path) {
    const Entry entry = find(path, Missing::leave);
    if (!entry.directory.is_open() && is_absent(errno)) return;
    if (!entry.directory.is_open() || !remove_entry(entry.directory, entry.name))
        refuse_path(path, "cannot be removed");
}

void RealFiles::give_to_owner_of_directory(const fs::path& path) {
    if (geteuid() != 0) return;
    const Entry entry = find(path, Missing::leave);
    struct stat directory {};
    if (entry.directory.is_open() && fstat(entry.directory.number(), &directory) == 0)
        give_tree(entry.directory, entry.name, directory);
}

fs::path RealFiles::make_temporary_directory() {
    std::string name = (temporary_ / "python-image-action-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) refuse_path(temporary_, "no directory can be made in it");
    return name;
}

/// The path relative to the work tree if it is below it, else absolute.
fs::path RealFiles::place_of(const fs::path& path) const {
    const fs::path whole = (work_tree_ / path).lexically_normal();
    const fs::path below = whole.lexically_relative(work_tree_);
    return below.empty() || *below.begin() == ".." ? whole : below;
}

RealFiles::Entry RealFiles::find(const fs::path& path, Missing directories) const {
    fs::path place = place_of(path);
    if (!place.has_filename()) place = place.parent_path();
    return {open_directory(place.parent_path(), directories), place.filename().string()};
}

/// Below the work tree step by step, so that no step is a symbolic link. openat2(2) could do that in one call, but
/// older engines and kernels refuse it.
FileDescriptor RealFiles::open_directory(const fs::path& place, Missing directories) const {
    std::unique_lock lock(making_, std::defer_lock);
    if (directories == Missing::make) lock.lock();
    if (place.is_absolute()) {
        if (directories == Missing::make) make_directories(place);
        return FileDescriptor(open(place.c_str(), directory_flags));
    }
    FileDescriptor directory(open(work_tree_.c_str(), directory_flags));
    for (const fs::path& step : place) {
        if (!directory.is_open()) break;
        if (!step.empty() && step != ".") directory = open_step(directory, step.string(), directories);
    }
    return directory;
}

FileDescriptor RealFiles::open_step(const FileDescriptor& directory, const std::string& name,
                                    Missing directories) const {
    const auto open_it = [&] {
        return FileDescriptor(openat(directory.number(), name.c_str(), directory_flags | O_NOFOLLOW));
    };
    FileDescriptor next = open_it();
    if (!next.is_open() && errno == ENOENT && directories == Missing::make) {
        if (mkdirat(directory.number(), name.c_str(), 0755) != 0 && errno != EEXIST) return FileDescriptor();
        next = open_it();
        if (next.is_open()) give_to_owner_of(directory, next);
    }
    if (!next.is_open() && errno == ENOTDIR && is_symbolic_link(directory, name)) errno = ELOOP;
    return next;
}

/// Neither waits nor follows a link, whatever the path turns out to be. Not open, and errno is set, if it cannot be
/// opened.
FileDescriptor RealFiles::open_regular(const fs::path& path, int flags, Exit if_it_is_none) const {
    const Entry entry = find(path, Missing::leave);
    if (!entry.directory.is_open()) return FileDescriptor();
    const auto refuse = [&](const std::string& what, const std::string& hint) {
        throw Error{if_it_is_none, {path.string()}, what, hint};
    };
    const int all_flags = flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    FileDescriptor file(openat(entry.directory.number(), entry.name.c_str(), all_flags));
    if (!file.is_open() && errno == ELOOP)
        refuse("this is a symbolic link, which is not followed", "put the file itself there");
    struct stat status {};
    if (file.is_open() && fstat(file.number(), &status) != 0) refuse_path(path, "cannot be read");
    const bool is_directory = file.is_open() ? S_ISDIR(status.st_mode) : errno == EISDIR;
    if (is_directory) refuse("this is a directory, not a file", "");
    if (file.is_open() && !S_ISREG(status.st_mode)) refuse("this is not a regular file", "");
    return file;
}

/// The new content under a name of its own first; then the name changes in one step.
void RealFiles::replace(const fs::path& path, const Fill& fill, Flush flush) const {
    const Entry entry = find(path, Missing::make);
    if (!entry.directory.is_open()) refuse_path(path, "cannot be written");
    const Part part(entry.directory);
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    const FileDescriptor file(
        openat(part.directory.number(), part.name.c_str(), flags, mode_of(entry.directory, entry.name)));
    if (!file.is_open()) refuse_path(path, "cannot be written");
    give_to_owner_of(entry.directory, file);
    const bool is_written = fill(file) && (flush == Flush::no || fsync(file.number()) == 0);
    if (!is_written || !part.becomes(entry.name)) refuse_path(path, "cannot be written");
}
