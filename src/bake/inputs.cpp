// The files of the work tree that go into images.
#include <fmt/format.h>

#include <algorithm>

#include "bake/bake.h"
#include "plan/build_context.h"

namespace {

namespace fs = std::filesystem;

/// Permissions of a regular file or a directory. Asked of the file system itself: Files knows texts.
unsigned mode_of(const fs::path& path, bool is_directory) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (error) return is_directory ? 0755U : 0644U;
    return static_cast<unsigned>(status.permissions()) & 07777U;
}

/// A file's mode counts, because layers keep it; but not that of most files, which is one of the two that git knows.
InputFile make_input(const std::string& path, unsigned mode, const Digest& content) {
    const bool is_usual = mode == 0644 || mode == 0755;
    return {path, mode == 0755, is_usual ? content : sha256(fmt::format("mode {:04o} {}", mode, content.text()))};
}

/// Looks through the work tree once. True if there are links to files that were not among those to be read.
bool read_directory(Files& files, const fs::path& root, const std::string& directory, BuildContext& context,
                    std::vector<InputFile>& inputs) {
    bool found_more = false;
    for (const std::string& name : files.names_in(root / directory)) {
        const std::string path = directory.empty() ? name : directory + "/" + name;
        if (name == ".git" || path == "out") continue;  // what git and this program write
        std::error_code error;
        if (files.is_directory(root / path)) {
            if (!context.may_hold_below(path)) continue;
            const std::size_t before = inputs.size();
            found_more |= read_directory(files, root, path, context, inputs);
            const unsigned mode = mode_of(root / path, true);
            if (inputs.size() > before && mode != 0755) inputs.push_back(make_input(path + "/", mode, sha256("")));
            continue;
        }
        // A link on the way to what is read is followed by BuildKit.
        const bool is_read = context.holds(path);
        if (!is_read && !context.may_hold_below(path)) continue;
        const fs::path target = fs::read_symlink(root / path, error);
        if (error && is_read) {
            inputs.push_back(make_input(path, mode_of(root / path, false), files.digest_of(root / path)));
        } else if (!error) {
            inputs.push_back({path, false, sha256("link " + target.string())});
            const fs::path place = target.is_absolute() ? target : fs::path(path).parent_path() / target;
            found_more |= context.add(place.generic_string());
        }
    }
    return found_more;
}

}  // namespace

std::vector<InputFile> load_input_files(Files& files, const fs::path& directory, const std::string& dockerfile) {
    const std::string text = files.read(directory / dockerfile);
    std::string ignore_name = dockerfile + ".dockerignore";
    std::optional<std::string> ignored = files.read_if_there(directory / ignore_name);
    if (!ignored) ignored = files.read_if_there(directory / (ignore_name = ".dockerignore"));
    BuildContext context(parse_dockerfile(text, dockerfile), ignored.value_or(""));

    std::vector<InputFile> inputs;
    while (read_directory(files, directory, "", context, inputs)) inputs.clear();
    std::erase_if(inputs, [&](const InputFile& file) { return file.path == dockerfile || file.path == ignore_name; });
    inputs.push_back({dockerfile, false, sha256(text)});
    if (ignored) inputs.push_back({ignore_name, false, sha256(*ignored)});
    std::ranges::sort(inputs, {}, &InputFile::path);
    return inputs;
}
