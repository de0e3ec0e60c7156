#include "system/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

DirectoryLock::DirectoryLock(const std::filesystem::path& directory)
    : directory_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    is_ours_ = !directory_.is_open() || flock(directory_.number(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}
