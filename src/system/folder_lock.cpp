#include "system/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

FolderLock::FolderLock(const std::filesystem::path& folder)
    : folder_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    is_ours_ = !folder_.is_open() || flock(folder_.number(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}
