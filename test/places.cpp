#include "places.h"

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
