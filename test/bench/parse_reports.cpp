// Reads two reports and does nothing with them: what a verdict costs beyond that is the rest of the program's.
// usage: parse_reports TRIVY.json GRYPE.json
#include <fstream>
#include <iostream>
#include <iterator>

#include "verdict/finding.h"

namespace {

std::string text_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) return 2;
    const Report trivy = parse_trivy_report(text_of(words[1]), words[1]);
    const Report grype = parse_grype_report(text_of(words[2]), words[2]);
    std::cout << trivy.findings.size() + grype.findings.size() << "\n";
}
