// The files of the work tree that go into images.
#include <algorithm>

#include "base/error.h"
#include "build/build.h"

namespace {

namespace fs = std::filesystem;

/// Asked of the file system itself: Files knows texts, and a mode is all that is wanted here.
bool is_executable(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    return !error && fs::is_regular_file(status) && (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
}

void add_folder(Files& files, const fs::path& directory, const fs::path& folder, std::vector<InputFile>& inputs) {
    for (const std::string& name : files.names_in(directory / folder)) {
        const fs::path path = folder / name;
        if (files.is_folder(directory / path)) {
            add_folder(files, directory, path, inputs);
        } else {
            inputs.push_back(
                {path.generic_string(), is_executable(directory / path), sha256(files.read(directory / path))});
        }
    }
}

}  // namespace

std::vector<InputFile> load_input_files(Files& files, const fs::path& directory, const std::string& dockerfile) {
    std::vector<InputFile> inputs = {{dockerfile, false, sha256(files.read(directory / dockerfile))}};
    if (const std::optional<std::string> ignored = files.read_if_there(directory / ".dockerignore")) {
        inputs.push_back({".dockerignore", false, sha256(*ignored)});
    }
    add_folder(files, directory, "certificates", inputs);
    add_folder(files, directory, "image", inputs);
    std::sort(inputs.begin(), inputs.end(), [](const InputFile& a, const InputFile& b) { return a.path < b.path; });
    return inputs;
}
