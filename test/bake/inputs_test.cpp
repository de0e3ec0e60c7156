#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "bake/bake.h"
#include "base/error.h"
#include "fakes/fake_files.h"
#include "real_world.h"

namespace {

std::string paths_of(const std::vector<InputFile>& inputs) {
    std::string paths;
    for (const InputFile& input : inputs) paths += input.path + "\n";
    return paths;
}

}  // namespace

TEST_CASE("the inputs are the Dockerfile, the .dockerignore, and what a build can read") {
    FakeFiles files;
    files.texts = {{"/checkout/Dockerfile", "FROM a\nRUN --mount=type=bind,target=/mnt x\n"},
                   {"/checkout/.dockerignore", "*\n!image\n!certificates\n"},
                   {"/checkout/image/settle", "one"},
                   {"/checkout/image/deep/er", "two"},
                   {"/checkout/image/sub/.git/HEAD", "changes by itself"},
                   {"/checkout/certificates/ca.crt", "ca"},
                   {"/checkout/README.md", "no input"},
                   {"/checkout/JOB.env", "no input"}};
    const std::vector<InputFile> inputs = load_input_files(files, "/checkout", "Dockerfile");
    CHECK(paths_of(inputs) == ".dockerignore\nDockerfile\ncertificates/ca.crt\nimage/deep/er\nimage/settle\n");
    CHECK(inputs.back().content == sha256("one"));
}

TEST_CASE("every file that is not ignored and copied is an input; other files are not") {
    FakeFiles files;
    files.texts = {{"/checkout/Dockerfile", "FROM a\nCOPY extra/*.txt /to/\nCOPY docs/a /a\n"},
                   {"/checkout/extra/x.txt", "x"},
                   {"/checkout/extra/y.md", "y"},
                   {"/checkout/docs/a/b", "b"},
                   {"/checkout/out/images/x", "ours"},
                   {"/checkout/README.md", "no input"}};
    CHECK(paths_of(load_input_files(files, "/checkout", "Dockerfile")) == "Dockerfile\ndocs/a/b\nextra/x.txt\n");
    files.texts["/checkout/Dockerfile.dockerignore"] = "docs\n";
    files.texts["/checkout/.dockerignore"] = "*\n";
    CHECK(paths_of(load_input_files(files, "/checkout", "Dockerfile")) ==
          "Dockerfile\nDockerfile.dockerignore\nextra/x.txt\n");
}

TEST_CASE("a named Dockerfile is used with the .dockerignore beside it") {
    FakeFiles files;
    files.texts = {{"/checkout/Dockerfile", "FROM a\nCOPY not /to\n"},
                   {"/checkout/not", "read"},
                   {"/checkout/images/py/Dockerfile", "FROM a\nCOPY read /to\n"},
                   {"/checkout/images/py/Dockerfile.dockerignore", "**/x"},
                   {"/checkout/read/x", "ignored"},
                   {"/checkout/read/y", "y"}};
    CHECK(paths_of(load_input_files(files, "/checkout", "images/py/Dockerfile")) ==
          "images/py/Dockerfile\nimages/py/Dockerfile.dockerignore\nread/y\n");
}

TEST_CASE("file modes and links are inputs, for real files") {
    RealWorld real;
    const std::filesystem::path& tree = real.tree.path;
    real.files.write(tree / "Dockerfile", "FROM a\nCOPY image /to\n");
    real.files.write(tree / "image/deep/x", "x");
    real.files.write(tree / "other/target", "t");
    const auto digests = [&] {
        std::string all;
        for (const InputFile& file : load_input_files(real.files, tree, "Dockerfile"))
            all += file.path + " " + file.content.text() + (file.executable ? " x" : "") + "\n";
        return all;
    };
    std::vector<std::string> seen = {digests()};
    const auto is_new = [&] {
        const std::string now = digests();
        const bool is_known = std::find(seen.begin(), seen.end(), now) != seen.end();
        seen.push_back(now);
        return !is_known;
    };
    std::filesystem::permissions(tree / "image/deep/x", std::filesystem::perms(0600));
    CHECK(is_new());
    std::filesystem::permissions(tree / "image/deep/x", std::filesystem::perms(0755));
    CHECK(is_new());
    std::filesystem::permissions(tree / "image/deep", std::filesystem::perms(0700));
    CHECK(is_new());
    std::filesystem::create_symlink("deep/x", tree / "image/link");
    CHECK(is_new());
    std::filesystem::remove(tree / "image/link");
    std::filesystem::create_symlink("../other/target", tree / "image/link");
    CHECK(is_new());
    real.files.write(tree / "other/target", "changed");
    CHECK(is_new());
    real.files.write(tree / "Dockerfile", "FROM a\nCOPY image certificates/ours/ca.crt /to\n");
    std::filesystem::create_directory(tree / "certificates");
    std::filesystem::create_symlink("../other", tree / "certificates/ours");
    real.files.write(tree / "other/ca.crt", "ca");
    CHECK(is_new());
    real.files.write(tree / "other/ca.crt", "changed");
    CHECK(is_new());
    real.files.write(tree / "README.md", "anything");
    std::filesystem::create_directories(tree / "image/empty");
    CHECK_FALSE(is_new());
}

TEST_CASE("only the Dockerfile is required") {
    FakeFiles files;
    CHECK_THROWS_AS(load_input_files(files, "/checkout", "Dockerfile"), Error);
    files.texts["/checkout/Dockerfile"] = "FROM a";
    CHECK(paths_of(load_input_files(files, "/checkout", "Dockerfile")) == "Dockerfile\n");
}
