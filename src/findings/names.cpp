#include "findings/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace {

/// In the order in which they are preferred as a name.
constexpr std::array<std::string_view, 14> vulnerability_prefixes = {"CVE-",     "GHSA-", "PYSEC-", "PSF-", "GO-",
                                                                     "RUSTSEC-", "OSV-",  "GSD-",   "BIT-", "MAL-",
                                                                     "SNYK-",    "CGA-",  "GMS-",   "NSWG-"};

std::size_t rank(std::string_view id) {
    const auto found =
        std::ranges::find_if(vulnerability_prefixes, [&](std::string_view prefix) { return id.starts_with(prefix); });
    return static_cast<std::size_t>(found - vulnerability_prefixes.begin());
}

/// Cuts the version off a directory's name: "Jinja2-3.1.2" -> "Jinja2". A name without a version stays.
std::string_view without_version(std::string_view stem) {
    if (const std::size_t python = stem.rfind("-py"); python != std::string_view::npos) {
        const std::string_view rest = stem.substr(python + 3);
        if (!rest.empty() && rest.find_first_not_of("0123456789.") == std::string_view::npos) {
            stem = stem.substr(0, python);
        }
    }
    const std::size_t dash = stem.rfind('-');
    const bool versioned = dash != std::string_view::npos && dash > 0 && dash + 1 < stem.size() &&
                           stem[dash + 1] >= '0' && stem[dash + 1] <= '9';
    return versioned ? stem.substr(0, dash) : stem;
}

std::string percent_decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char* digits = text.data() + i + 1;
        unsigned char byte = 0;
        const bool escaped =
            text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
        plain += escaped ? static_cast<char>(byte) : text[i];
        if (escaped) i += 2;
    }
    return plain;
}

/// Cuts off what follows the last `mark`, and returns it; the mark is gone from both.
std::string_view take_after(std::string_view& text, char mark) {
    const std::size_t at = text.rfind(mark);
    if (at == std::string_view::npos) return {};
    const std::string_view after = text.substr(at + 1);
    text = text.substr(0, at);
    return after;
}

}  // namespace

bool names_one_vulnerability(std::string_view id) {
    return rank(id) < vulnerability_prefixes.size();
}

bool is_cve(std::string_view id) {
    return id.starts_with("CVE-");
}

bool is_vulnerability_id(std::string_view id) {
    const std::string text = lower_case(id);
    // Advisories of distributions, as the two scanners name them.
    static constexpr std::array<std::string_view, 19> advisory_prefixes = {
        "DSA-",  "DLA-",  "DTSA-", "TEMP-", "USN-",    "RHSA-",     "RHBA-", "RHEA-", "ELSA-", "ALAS",
        "ALSA-", "RLSA-", "SUSE-", "GLSA-", "ALPINE-", "OPENSUSE-", "ASA-",  "PHSA-", "KYSA-"};
    const auto begins = [&](std::string_view prefix) { return text.starts_with(lower_case(prefix)); };
    const bool known =
        std::ranges::any_of(vulnerability_prefixes, begins) || std::ranges::any_of(advisory_prefixes, begins);
    const bool plain = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-:_") == std::string::npos &&
                       !text.ends_with('-') && text.find("--") == std::string::npos;
    if (!known || !plain) return false;
    const std::vector<std::string> parts = fields_of(text, '-');
    const auto has_digits = [](const std::string& part) {
        return part.find_first_not_of("0123456789") == std::string::npos;
    };
    if (parts.front() == "cve")
        return parts.size() == 3 && parts[1].size() == 4 && has_digits(parts[1]) && has_digits(parts[2]);
    if (parts.front() == "ghsa") {
        return parts.size() == 4 &&
               std::all_of(parts.begin() + 1, parts.end(), [](const std::string& part) { return part.size() == 4; });
    }
    return parts.size() > 1 && text.find_first_of("0123456789") != std::string::npos;
}

std::string spelled_id(std::string_view id) {
    const std::string text(trimmed(id));
    if (!is_vulnerability_id(text)) return text;
    const std::string upper = upper_case(text);
    return upper.starts_with("GHSA-") ? "GHSA-" + lower_case(text.substr(5)) : upper;
}

void name_finding(Finding& finding, const std::string& own, std::vector<std::string> ids) {
    std::erase(ids, "");
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    const auto best = std::ranges::min_element(ids, {}, rank);  // of equal ones the first, and they are sorted
    finding.id = is_cve(own) ? own : best == ids.end() ? "" : *best;
    finding.aliases.clear();
    finding.advisories.clear();
    for (std::string& id : ids) {
        if (id == finding.id) continue;
        (names_one_vulnerability(id) ? finding.aliases : finding.advisories).push_back(std::move(id));
    }
}

std::string pep503_name(std::string_view name) {
    std::string normal;
    for (const char c : name) {
        if (c != '-' && c != '_' && c != '.') {
            normal += c;
        } else if (!normal.ends_with('-')) {
            normal += '-';
        }
    }
    return lower_case(normal);
}

std::string package_name(std::string_view name, const std::string& package_type) {
    return package_type == "python" ? pep503_name(name) : std::string(name);
}

std::string package_type_of(std::string_view word) {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> words_by_type = {
        {"deb", {"debian", "ubuntu"}},
        {"apk", {"alpine", "wolfi", "chainguard", "minimos"}},
        {"rpm",
         {"redhat", "centos", "centos-stream", "rocky", "alma", "oracle", "amazon", "fedora", "photon", "cbl-mariner",
          "azurelinux", "sles", "slem", "opensuse", "opensuse-leap", "opensuse-tumbleweed"}},
        {"python", {"python-pkg", "pip", "pipenv", "poetry", "uv", "conda-pkg", "pylock", "conda"}},
        {"rust", {"rustbinary", "cargo", "rust-binary", "rust-crate"}},
        {"go", {"gobinary", "gomod", "go-module"}},
        {"npm", {"node-pkg", "yarn", "pnpm"}},
        {"java", {"jar", "pom", "gradle-lockfile", "java-archive"}},
        {"gem", {"gemspec", "bundler"}}};
    for (const auto& [type, words] : words_by_type) {
        if (std::ranges::find(words, word) != words.end()) return type;
    }
    return std::string(word);
}

bool is_system_package(std::string_view package_type) {
    return package_type == "deb" || package_type == "apk" || package_type == "rpm" || package_type == "alpm";
}

std::string rooted(std::string_view path) {
    const std::size_t start = path.find_first_not_of('/');
    return start == std::string_view::npos ? std::string(path.substr(0, 1)) : "/" + std::string(path.substr(start));
}

std::string unversioned(std::string_view path) {
    for (const std::string_view ending : {".dist-info", ".egg-info"}) {
        const std::size_t end = path.rfind(ending);
        if (end == std::string_view::npos) continue;
        const std::string_view rest = path.substr(end);
        if (rest.size() > ending.size() && rest[ending.size()] != '/') continue;
        const std::size_t slash = path.rfind('/', end);
        const std::size_t start = slash == std::string_view::npos ? 0 : slash + 1;
        const std::string_view stem = without_version(path.substr(start, end - start));
        return std::string(path.substr(0, start)).append(stem).append(rest);
    }
    return std::string(path);
}

std::string short_title(std::string_view text) {
    constexpr std::size_t limit = 200;
    const std::string_view all = trimmed(text);
    const std::string_view line = trimmed(all.substr(0, all.find('\n')));
    if (line.size() <= limit) return std::string(line);
    std::size_t end = line.rfind(' ', limit);
    if (end == std::string_view::npos || end < limit / 2) {
        end = limit;
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U)
            --end;  // not within a UTF-8 character
    }
    return std::string(trimmed(line.substr(0, end))) + "…";
}

std::optional<PackageUrl> parse_purl(std::string_view text) {
    if (!text.starts_with("pkg:")) return std::nullopt;
    text.remove_prefix(std::min(text.find_first_not_of('/', 4), text.size()));
    PackageUrl url;
    const std::size_t end = std::min(text.find_first_of("?#"), text.size());
    url.is_narrowed = end < text.size();
    text = text.substr(0, end);
    const std::size_t first_slash = text.find('/');
    if (first_slash == std::string_view::npos || first_slash == 0) return std::nullopt;
    std::string_view name = take_after(text, '/');
    if (name.find('@') != std::string_view::npos) url.version = percent_decoded(take_after(name, '@'));
    url.name = percent_decoded(name);
    if (url.name.empty()) return std::nullopt;
    url.type = lower_case(text.substr(0, first_slash));
    if (text.size() > first_slash) url.name_space = percent_decoded(text.substr(first_slash + 1));
    if (url.type == "pypi") {
        url.name = lower_case(url.name);
        std::ranges::replace(url.name, '_', '-');
    }
    return url;
}
