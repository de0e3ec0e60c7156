// Random Dockerfiles that BuildKit accepts, with the bases of each stage: to test the parser, and the whole build
// against BuildKit's provenance.
#pragma once

#include <random>
#include <set>
#include <string>
#include <vector>

/// The images that random Dockerfiles name: those of sample_plan(), in the form of familiar_name().
inline const std::vector<std::string> random_images = {"python:3.13.3-slim-bookworm", "python:3.12.6-slim-bookworm",
                                                       "gcr.io/distroless/cc-debian12:nonroot",
                                                       "ghcr.io/astral-sh/uv:0.13.9"};
/// A placeholder for the Python image of the row.
inline constexpr const char* python_of_row = "python of the row";

class RandomDockerfile {
  public:
    explicit RandomDockerfile(unsigned seed) : random_(seed) {
        if (one_of(4) == 0) text += "\xEF\xBB\xBF";
        text += "# FROM nothing AS production\nARG BASE_VERSION=3.13.3-slim-bookworm OTHER=\"a b\"\n";
        text += "ARG " + continued("UV='0.13.9'") + "\n";
        text += "ARG VERSION=${BASE_VERSION%%-*} SUFFIX=${BASE_VERSION#*-}\n";
        const std::size_t stages = 2 + one_of(5);
        for (std::size_t i = 0; i < stages; ++i) add_stage("s" + std::to_string(i) + (one_of(2) == 0 ? "" : "-x.y_z"));
        add_stage("development");
        add_stage("production");
    }

    std::string text;

    /// The images that the stage is based on, by name; one of them may be python_of_row.
    const std::set<std::string>& images_of(const std::string& stage) const {
        for (std::size_t i = names_.size(); i-- > 0;) {
            if (names_[i] == stage) return images_[i];
        }
        return images_.front();
    }

  private:
    std::size_t one_of(std::size_t count) { return random_() % count; }

    std::string pick(const std::vector<std::string>& from) { return from[one_of(from.size())]; }

    std::string end_of_line() { return " \\" + pick({"\n", " \n", "\r\n", "\n# a comment\n", "\n\n"}); }

    /// The word, possibly split over two lines.
    std::string continued(const std::string& word) {
        if (one_of(4) != 0) return word;
        const std::size_t at = 1 + one_of(word.size() - 1);
        return word.substr(0, at) + "\\\n" + word.substr(at);
    }

    /// One of the spellings of an image's name.
    std::string spelled(const std::string& image) {
        const bool is_hub = image.find('/') == std::string::npos;
        return (is_hub ? pick({"", "library/", "docker.io/", "docker.io/library/", "index.docker.io/library/"}) : "") +
               image;
    }

    std::string quoted(const std::string& word) { return pick({word, word, "\"" + word + "\""}); }

    /// The image of a FROM, as written and resolved.
    std::string from(std::set<std::string>& images) {
        if (!names_.empty() && one_of(3) == 0) {
            const std::size_t stage = one_of(names_.size());
            images = images_[stage];
            return names_[stage];  // BuildKit rejects capitals here
        }
        if (one_of(2) == 0) {
            images = {python_of_row};
            return quoted(
                spelled("python:") +
                pick({"${BASE_VERSION}", "$BASE_VERSION", "${VERSION}-${SUFFIX}", "${BASE_VERSION:-x}",
                      "${NONE}$BASE_VERSION", "${NONE:-${BASE_VERSION}}", "${VERSION:+$VERSION-}${NONE+no}$SUFFIX"}));
        }
        const std::string image = random_images[2 + one_of(2)];
        images = {image};
        return image == random_images[3] ? quoted(pick({image, "ghcr.io/astral-sh/uv:${UV}"})) : continued(image);
    }

    /// The value of --from: an image, an earlier stage, or its number.
    std::string source(std::set<std::string>& images, bool may_be_number) {
        if (!names_.empty() && one_of(2) == 0) {
            const std::size_t stage = one_of(names_.size());
            images.insert(images_[stage].begin(), images_[stage].end());
            return may_be_number && one_of(3) == 0 ? std::to_string(stage) : names_[stage];
        }
        const std::string image = pick(random_images);
        images.insert(image);
        return spelled(image);
    }

    void add_stage(const std::string& name) {
        std::set<std::string> images;
        text += pick({"FROM ", "from ", "FROM --platform=$TARGETPLATFORM "}) + from(images);
        text += pick({" AS ", " as ", end_of_line() + "  AS "}) + name + "\n";
        for (std::size_t i = one_of(5); i > 0; --i) add_instruction(images);
        names_.push_back(name);
        images_.push_back(images);
    }

    void add_instruction(std::set<std::string>& images) {
        const std::string file = "/g" + std::to_string(++files_);
        switch (one_of(10)) {
            case 0:
                text += "COPY --link --from=" + quoted(source(images, true)) + end_of_line() + " /f " + file + "\n";
                break;
            case 1:
                text += "RUN --mount=type=bind,from=" + source(images, false) + ",target=/m [\"/true\", \"a <<b\"]\n";
                break;
            case 2:
                text += "RUN --mount=" + pick({"\"from=", "target=/m,\"from="}) + source(images, false) +
                        "\",target=/m [\"/true\"]\n";
                break;
            case 3:
                text += "COPY <<EOF <<-'EF' " + file +
                        "/\nFROM no:1 AS production\n  EOF\nEOF\n\tCOPY --from=no:2 / /\n" + pick({"", "\t"}) + "EF\n";
                break;
            case 4:
                text += "LABEL a=\"see <<EOF here\" b=it\\'s\n";
                break;
            case 5:
                text += "ARG BASE_VERSION=9 UV\n# COPY --from=no:3 / /\n";
                break;
            case 6:
                text += "ONBUILD RUN <<X\nCOPY --from=no:4 / /\nX\n";
                break;
            case 7:
                text += "RUN --mount=from=" + source(images, false) + ",target=/m <<A cat && cat 3<<'B' <<-C" +
                        pick({"\n", end_of_line() + "  && true\n"}) + "FROM no:5 AS production\nA\n A\nB\n\tB\n\t\tC\n";
                break;
            case 8:
                text += "run <<-EOF\n\tCOPY --from=no:6 / /\n EOF\n\tEOF\n";
                break;
            default:
                text += "ENV A=1" + end_of_line() + " B=2\n\n";
        }
    }

    std::mt19937 random_;
    std::vector<std::string> names_;
    std::vector<std::set<std::string>> images_;
    int files_ = 0;
};
