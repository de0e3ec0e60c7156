#include "system/memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace {

constexpr std::size_t large_page = std::size_t{2} << 20U;
constexpr std::size_t longest_from_heap = std::size_t{32} << 20U;  // glibc takes no larger limit

/// Advice: whether the system follows it makes no difference but in time.
void prefer_large_pages(void* first, std::size_t bytes) {
    if (std::align(large_page, large_page, first, bytes) == nullptr) return;
    madvise(first, bytes / large_page * large_page, MADV_HUGEPAGE);
}

}  // namespace

void make_room(std::string& text, std::size_t bytes) {
    text.reserve(bytes);
    prefer_large_pages(text.data(), text.capacity());
}

void keep_memory() {
    mallopt(M_MMAP_THRESHOLD, longest_from_heap);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    // The heap grows by these and keeps them: enough for the findings of 50 MB of reports and what is rendered of them.
    // The heaps of other threads cannot be prepared like this.
    std::array<void*, 3> rooms{};
    for (void*& room : rooms) {
        room = std::malloc(longest_from_heap - large_page);
        if (room != nullptr) prefer_large_pages(room, longest_from_heap - large_page);
    }
    for (void* room : rooms) std::free(room);
}
