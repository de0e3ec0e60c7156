#include "cli/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "base/digest.h"
#include "base/reference.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/options.h"
#include "plan/plan.h"

namespace {

/// Reads the values of options one by one and gathers everything that is wrong with them.
struct Reader {
    const std::map<std::string, std::string>& given;
    Problems problems{};

    std::string text(const std::string& name) const {
        const auto value = given.find(name);
        if (value != given.end()) return value->second;
        const auto& table = option_table();
        const auto row = std::ranges::find(table, name, &OptionText::name);
        return row == table.end() ? "" : row->standard;
    }

    /// In a workflow one entry a line is the usual form, on a command line the separator is.
    std::vector<std::string> list(const std::string& name, char separator) const {
        std::vector<std::string> entries;
        for (const std::string& line : lines_of(text(name))) {
            for (std::string& entry : fields_of(line, separator)) entries.push_back(std::move(entry));
        }
        return entries;
    }

    /// KEY=VALUE entries.
    std::map<std::string, std::string> pairs(const std::string& name, const std::vector<std::string>& entries,
                                             const std::function<bool(const std::string& value)>& is_good,
                                             const std::string& example) {
        std::map<std::string, std::string> result;
        for (const std::string& entry : entries) {
            const std::size_t equals = std::min(entry.find('='), entry.size());
            const std::string key(trimmed(entry.substr(0, equals)));
            const std::string value(trimmed(entry.substr(std::min(equals + 1, entry.size()))));
            if (key.empty() || value.empty() || !is_good(value)) {
                refuse(name, entry, "write it as " + example);
            } else {
                result[key] = value;
            }
        }
        return result;
    }

    // The two words of YAML 1.2's core schema, in the three ways it writes them; "yes" and "1" are not booleans there.
    bool flag(const std::string& name) {
        const std::string word = text(name);
        if (word == "true" || word == "True" || word == "TRUE") return true;
        if (word != "false" && word != "False" && word != "FALSE") refuse(name, word, "write true or false");
        return false;
    }

    std::size_t count(const std::string& name, std::size_t standard) {
        const std::string word = text(name);
        if (word.empty()) return standard;
        const auto number = static_cast<std::size_t>(parse_number(word).value_or(0));
        if (number == 0) refuse(name, word, "write a whole number above 0");
        return number;
    }

    std::optional<Severity> severity(const std::string& name) {
        const std::string word = text(name);
        const std::optional<Severity> severity = parse_severity(word);
        if (!word.empty() && severity.value_or(Severity::unknown) == Severity::unknown)
            refuse(name, word, "write negligible, low, medium, high or critical");
        return severity;
    }

    std::optional<Date> date(const std::string& name) {
        const std::string word = text(name);
        const std::optional<Date> date = parse_date(word);
        if (!word.empty() && !date) refuse(name, word, "write it as 2026-11-23");
        return date;
    }

    /// Which of the words it is: their order is that of the enumeration it is for.
    std::size_t choice(const std::string& name, const std::vector<std::string>& words) {
        const auto word = std::ranges::find(words, text(name));
        if (word != words.end()) return static_cast<std::size_t>(word - words.begin());
        const std::vector<std::string> first(words.begin(), words.end() - 1);
        refuse(name, text(name), "write " + joined(first, ", ") + " or " + words.back());
        return 0;
    }

    /// Names of people and teams (GitHub: letters, digits and single hyphens; a team is ORGANISATION/TEAM).
    std::vector<std::string> names(const std::string& name) {
        constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./";
        std::vector<std::string> all_names;
        for (std::string one : list(name, ',')) {
            if (one.starts_with('@')) one.erase(0, 1);
            if (one.empty() || one.find_first_not_of(allowed) != std::string::npos) {
                refuse(name, one, "write names such as @octocat or @defra/platform");
            } else {
                all_names.push_back(one);
            }
        }
        return all_names;
    }

    void refuse(const std::string& name, const std::string& value, const std::string& hint) {
        add(problems, {}, fmt::format("--{} does not take \"{}\"", name, value), hint);
    }
};

/// A directory, or a host that could stand in front of an image's name. The namespace is an option of its own.
bool is_place(const std::string& place) {
    if (place.empty()) return true;
    if (place.starts_with("oci:")) return place.size() > 4;
    const std::optional<Reference> image = parse_reference(place + "/a/b");
    return image && image->host == place && image->repository == "a/b";
}

}  // namespace

Settings parse_settings(const std::map<std::string, std::string>& given) {
    Reader reader{given};
    Settings s;
    s.directory = reader.text("directory");
    s.out = reader.text("out");
    s.image_matrix = reader.text("image-matrix");
    s.job_env = reader.text("job-env");
    s.dockerfile = reader.text("dockerfile");
    s.only = reader.list("only", ',');
    s.platforms = reader.list("platforms", ',');
    s.runners = reader.pairs(
        "runners", split_runners(reader.text("runners")),
        [](const std::string& runner) { return parse_runner(runner).has_value(); },
        "linux/arm64=ubuntu-24.04-arm, as linux/arm64=[\"self-hosted\",\"arm64\"] or as "
        "linux/arm64={\"group\":\"large\"}");
    s.name_space = reader.text("namespace");
    s.timings = reader.flag("timings");
    s.jobs = reader.count("jobs", std::max(1U, std::thread::hardware_concurrency()));
    s.stand_ins = reader.text("stand-ins");
    s.build_ca = reader.text("build-ca");
    s.builder = reader.text("builder");
    s.buildkit_image = reader.text("buildkit-image");
    s.cache_from = reader.list("cache-from", ';');
    s.cache_to = reader.list("cache-to", ';');
    s.mirrors = reader.pairs(
        "mirrors", reader.list("mirrors", ','), [](const std::string&) { return true; }, "gcr.io=cache.example/gcr");
    const std::size_t rebuild = reader.choice("rebuild", {"auto", "always", "no-cache"});
    s.rebuild = rebuild > 0;
    s.without_cache = rebuild == 2;
    s.contract = reader.text("contract");
    s.references = reader.list("reference", ',');
    s.layout = reader.text("layout");
    s.vulnerabilities = reader.list("vulnerability", ',');
    s.policy = reader.text("policy");
    s.severity = reader.severity("severity");
    s.sarif_severity = reader.severity("sarif-severity").value_or(Severity::medium);
    s.databases = reader.text("databases");
    s.max_database_age = std::chrono::hours(reader.count("max-database-age", 48));
    s.trivy_report = reader.text("trivy");
    s.grype_report = reader.text("grype");
    s.digest = reader.text("digest");
    s.today = reader.date("today");
    s.publish = static_cast<github::Mode>(reader.choice("publish", {"auto", "required", "off"}));
    s.publish_branches = reader.list("publish-branches", ',');
    s.to = reader.text("to");
    s.docker_username = reader.text("docker-username");
    s.docker_token = Secret(reader.text("docker-token"));
    const std::optional<Error> error =
        failure_of([&] { s.registry_auths = registry::parse_registry_auths(Secret(reader.text("registry-auths"))); });
    if (error) append(reader.problems, error->problems);  // reported with all others
    s.insecure = reader.flag("insecure");
    s.allow_stand_in = reader.flag("allow-stand-in");
    s.adopt_alias = reader.flag("adopt-alias");
    s.rollback_to = reader.text("rollback-to");
    s.reason = reader.text("reason");
    s.dry_run = reader.flag("dry-run");
    s.token = Secret(reader.text("token"));
    s.sarif_upload = static_cast<github::Mode>(reader.choice("sarif-upload", {"auto", "required", "off"}));
    s.release = reader.text("release");
    s.retire = reader.text("retire");
    s.notify = reader.names("notify");
    s.nightly_fail = static_cast<NightlyFail>(reader.choice("nightly-fail", {"news", "any", "never"}));
    s.fix = reader.flag("fix");
    s.diff = reader.flag("diff");
    if (s.platforms.empty()) reader.refuse("platforms", "", "name at least one, such as linux/amd64");
    if (!s.digest.empty() && !Digest::parse(s.digest))
        reader.refuse("digest", s.digest, "write it as sha256: and 64 hexadecimal digits");
    if (!is_place(s.to))
        reader.refuse("to", s.to, "write a registry's host, such as docker.io, or oci: and a directory");
    if (!s.release.empty() && !parse_version(s.release))
        reader.refuse("release", s.release, "write a DEFRA_VERSION, such as 1.0.0");
    if (!s.retire.empty() && !parse_version(s.retire + ".0"))
        reader.refuse("retire", s.retire, "write a minor version of Python, such as 3.11");
    if (!reader.problems.empty()) throw Error{Exit::bad_input, reader.problems};
    return s;
}
