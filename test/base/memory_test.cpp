#include "base/memory.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("room for a text is there, and the text stays what it was") {
    for (const std::size_t bytes : {0, 1, 100, 2 << 20, 5'000'000}) {
        std::string text = "abc";
        make_room(text, bytes);
        CHECK(text == "abc");
        const char* const place = text.data();
        while (text.size() < bytes) text += 'x';
        CHECK(text.data() == place);
    }
}

TEST_CASE("a program that keeps its memory goes on as before") {
    keep_memory();
    keep_memory();
    const std::string text(50'000'000, 'x');
    CHECK(text.find_first_not_of('x') == std::string::npos);
}
