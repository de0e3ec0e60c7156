#include "contract/recorded_files.h"

#include <optional>

#include "base/text.h"

namespace {

using RecordedFiles = std::map<std::string, RecordedFile>;

std::string directory_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string without_ending(const std::string& text, std::string_view ending) {
    return text.substr(0, text.size() - ending.size());
}

/// "MD5  usr/lib/libc.so.6", one file per line.
void add_debian_package(const FileTree& files, const std::string& list, const std::string& text, RecordedFiles& all) {
    const std::string package = without_ending(base_name(list), ".md5sums");
    for (const std::string& line : lines_of(text)) {
        const std::size_t blank = line.find(' ');
        if (blank == std::string::npos) continue;
        const std::string path = "/" + std::string(trimmed(line.substr(blank)));
        all[files.resolve(path).value_or(path)] = {
            .package = package, .wheel = false, .md5 = line.substr(0, blank), .sha256 = ""};
    }
}

/// The path of a line of RECORD, which is CSV: quoted where it holds a comma or a quotation mark.
std::string unquoted(const std::string& field) {
    if (field.size() < 2 || field.front() != '"' || field.back() != '"') return field;
    std::string path;
    for (std::size_t i = 1; i + 1 < field.size(); ++i) {
        if (field[i] == '"') ++i;  // a quotation mark is written twice
        path += field[i];
    }
    return path;
}

std::string unpadded(std::string_view base64) {
    return std::string(base64.substr(0, base64.find('=')));
}

/// "numpy/_core/multiarray.so,sha256=HASH,SIZE": the path is relative to the directory that holds the dist-info.
void add_wheel(const FileTree& files, const std::string& record, const std::string& text, RecordedFiles& all) {
    constexpr std::string_view sha256 = "sha256=";
    const std::string dist_info = directory_of(record);
    const std::string package = without_ending(base_name(dist_info), ".dist-info");
    for (const std::string& line : lines_of(text)) {
        const std::size_t size = line.rfind(',');
        const std::size_t hash = size == std::string::npos || size == 0 ? size : line.rfind(',', size - 1);
        if (size == std::string::npos || hash == std::string::npos || hash == size) continue;
        const std::string path = unquoted(line.substr(0, hash));
        const std::optional<std::string> real =
            files.resolve(path.starts_with('/') ? path : directory_of(dist_info) + "/" + path);
        if (!real) continue;
        const std::string_view digest = std::string_view(line).substr(hash + 1, size - hash - 1);
        all.emplace(*real,
                    RecordedFile{.package = package,
                                 .wheel = true,
                                 .md5 = "",
                                 .sha256 = digest.starts_with(sha256) ? unpadded(digest.substr(sha256.size())) : ""});
    }
}

}  // namespace

std::map<std::string, RecordedFile> list_recorded_files(const FileTree& files) {
    RecordedFiles all;
    for (const auto& [path, fact] : files.files) {
        if (path.starts_with("/var/lib/dpkg/status.d/") && path.ends_with(".md5sums"))
            add_debian_package(files, path, fact.text, all);
    }
    for (const auto& [path, fact] : files.files) {
        if (path.ends_with(".dist-info/RECORD") && files.has_file(directory_of(path) + "/METADATA"))
            add_wheel(files, path, fact.text, all);
    }
    return all;
}
