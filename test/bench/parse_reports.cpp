// Parses two reports only, to measure what the rest of the program costs beyond that.
// usage: parse_reports TRIVY.json GRYPE.json
#include <filesystem>
#include <fstream>
#include <iostream>

#include "findings/finding.h"

namespace {

std::string text_of(const char* path) {
    std::string text(std::filesystem::file_size(path), '\0');
    std::ifstream(path, std::ios::binary).read(text.data(), static_cast<std::streamsize>(text.size()));
    return text;
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) return 2;
    const Report trivy = parse_trivy_report(text_of(words[1]), words[1]);
    const Report grype = parse_grype_report(text_of(words[2]), words[2]);
    std::cout << trivy.findings.size() + grype.findings.size() << "\n";
}
