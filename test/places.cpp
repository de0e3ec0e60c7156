#include "places.h"

#include <fstream>
#include <iterator>

std::string fixtures_dir() {
    return SOURCE_DIRECTORY "/test/fixtures";
}
std::string repository_dir() {
    return SOURCE_DIRECTORY;
}
std::string program_file() {
    return SOURCE_DIRECTORY "/build/release/python-image-action";
}
std::string corpus_dir() {
    return SOURCE_DIRECTORY "/../shared/corpus";
}
std::string text_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
