#include "system/descriptor.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <string>

#include "base/error.h"

namespace {

std::string hint_for(int error) {
    static const std::map<int, const char*> hints = {
        {ENOSPC, "make room on that disk, or name another place"},
        {EDQUOT, "make room on that disk, or name another place"},
        {EACCES, "the user who runs this needs the right to do so there"},
        {EPERM, "the user who runs this needs the right to do so there"},
        {EROFS, "that place is read-only: name another one"},
        {EIO, "the disk reports a fault: try another place"},
        {EMFILE, "too many files are open: raise the limit (ulimit -n)"},
        {ENFILE, "too many files are open: raise the limit (ulimit -n)"},
        {ELOOP, "a symbolic link is not followed there: name the place itself"},
        {EXDEV, "the two places are on different disks"}};
    const auto found = hints.find(error);
    return found == hints.end() ? "" : found->second;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
    const int before = errno;
    if (is_open()) close(number_);
    errno = before;
}

bool write_all(const FileDescriptor& file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = write(file.number(), bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR) return false;
        if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void refuse_path(const std::filesystem::path& path, const char* what) {
    const int error = errno;
    throw Error{Exit::failed, {path.string()}, std::string(what) + ": " + std::strerror(error), hint_for(error)};
}

DirectoryLock::DirectoryLock(const std::filesystem::path& directory)
    : directory_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    is_ours_ = !directory_.is_open() || flock(directory_.number(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}
