#include <catch2/catch_test_macros.hpp>

#include "base/error.h"
#include "build/build.h"
#include "fakes/fake_files.h"

namespace {

std::string paths_of(const std::vector<InputFile>& inputs) {
    std::string paths;
    for (const InputFile& input : inputs) paths += input.path + "\n";
    return paths;
}

}  // namespace

TEST_CASE("the inputs are the Dockerfile, what it ignores, image and certificates") {
    FakeFiles files;
    files.texts = {{"/checkout/Dockerfile", "FROM a"},      {"/checkout/.dockerignore", "*"},
                   {"/checkout/image/settle", "one"},       {"/checkout/image/deep/er", "two"},
                   {"/checkout/certificates/ca.crt", "ca"}, {"/checkout/README.md", "no input"},
                   {"/checkout/JOB.env", "no input"}};
    const std::vector<InputFile> inputs = load_input_files(files, "/checkout");
    CHECK(paths_of(inputs) == ".dockerignore\nDockerfile\ncertificates/ca.crt\nimage/deep/er\nimage/settle\n");
    CHECK(inputs.back().content == sha256("one"));
}

TEST_CASE("a Dockerfile is needed, the rest is not") {
    FakeFiles files;
    CHECK_THROWS_AS(load_input_files(files, "/checkout"), Error);
    files.texts["/checkout/Dockerfile"] = "FROM a";
    CHECK(paths_of(load_input_files(files, "/checkout")) == "Dockerfile\n");
}
