#include "findings/fixed_versions.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "findings/names.h"

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Takes the characters off the front that are, or are not, digits.
std::string_view take_run(std::string_view& text, bool digits) {
    std::size_t length = 0;
    while (length < text.size() && is_digit(text[length]) == digits) ++length;
    const std::string_view run = text.substr(0, length);
    text.remove_prefix(length);
    return run;
}

/// Numbers of any length.
int compare_numbers(std::string_view a, std::string_view b) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b);
}

/// dpkg: a tilde before the end, the end before letters, letters before all else.
int dpkg_rank(char c) {
    if (c == '~') return -1;
    if (c == '\0') return 0;
    return is_letter(c) ? static_cast<unsigned char>(c) : static_cast<unsigned char>(c) + 256;
}

int compare_dpkg_part(std::string_view a, std::string_view b) {
    while (!a.empty() || !b.empty()) {
        const std::string_view x = take_run(a, false);
        const std::string_view y = take_run(b, false);
        for (std::size_t i = 0; i < std::max(x.size(), y.size()); ++i) {
            const int order = dpkg_rank(i < x.size() ? x[i] : '\0') - dpkg_rank(i < y.size() ? y[i] : '\0');
            if (order != 0) return order;
        }
        if (const int order = compare_numbers(take_run(a, true), take_run(b, true)); order != 0) return order;
    }
    return 0;
}

/// "EPOCH:UPSTREAM-REVISION", of which the first and the last need not be there.
int compare_dpkg(std::string_view a, std::string_view b) {
    const auto take_epoch = [](std::string_view& version) {
        const std::size_t colon = version.find(':');
        const std::string_view epoch = colon == std::string_view::npos ? "0" : version.substr(0, colon);
        version.remove_prefix(colon + 1);  // nothing where there is none: npos + 1 is 0
        return epoch;
    };
    const auto take_revision = [](std::string_view& version) {
        const std::size_t dash = std::min(version.rfind('-'), version.size());
        const std::string_view revision = version.substr(std::min(dash + 1, version.size()));
        version = version.substr(0, dash);
        return revision;
    };
    if (const int order = compare_numbers(take_epoch(a), take_epoch(b)); order != 0) return order;
    const std::string_view x = take_revision(a);
    const std::string_view y = take_revision(b);
    const int order = compare_dpkg_part(a, b);
    return order != 0 ? order : compare_dpkg_part(x, y);
}

constexpr std::array<std::string_view, 14> pre_release_words = {"alpha",   "beta",   "rc",       "cr",        "pre",
                                                                "preview", "dev",    "snapshot", "milestone", "m",
                                                                "next",    "canary", "nightly",  "insiders"};

/// A run of letters that makes what it follows a pre-release. Python's one letter stands between two digits (PEP 440).
bool is_pre_release_word(std::string_view word, bool between_digits, bool of_python) {
    if (of_python && between_digits && (word == "a" || word == "b" || word == "c")) return true;
    if (word == "m") return between_digits && !of_python;  // Maven's 2.0.0-M1
    return std::ranges::find(pre_release_words, word) != pre_release_words.end();
}

bool is_of_python(std::string_view package_type) {
    return package_type == "python" || package_type == "binary";
}

/// What a part of a version counts: a pre-release below the end of the version, a number or another word above it.
int rank_of(std::string_view part, bool of_python) {
    if (part.empty()) return 2;
    if (is_digit(part.front())) return 4;
    if (part == "dev") return 0;  // before the alpha (PEP 440)
    return is_pre_release_word(part, true, of_python) ? 1 : 3;
}

/// The next run of digits or of letters; what separates them is passed over, and so is a build (semver.org, 10).
std::string_view take_part(std::string_view& text) {
    while (!text.empty() && !is_digit(text.front()) && !is_letter(text.front())) {
        if (text.front() == '+') return text = {};
        text.remove_prefix(1);
    }
    std::size_t length = 0;
    while (length < text.size() && (is_digit(text.front()) ? is_digit(text[length]) : is_letter(text[length])))
        ++length;
    const std::string_view part = text.substr(0, length);
    text.remove_prefix(length);
    return part;
}

int compare_numbered(std::string_view a, std::string_view b, bool of_python) {
    while (true) {
        const std::string_view x = take_part(a);
        const std::string_view y = take_part(b);
        if (x.empty() && y.empty()) return 0;
        const int order = rank_of(x, of_python) - rank_of(y, of_python);
        const bool zero = (x.empty() && y.find_first_not_of('0') == std::string_view::npos) ||
                          (y.empty() && x.find_first_not_of('0') == std::string_view::npos);
        if (zero) continue;  // 1.0 is 1.0.0
        if (order != 0) return order;
        const int value = is_digit(x.front()) ? compare_numbers(x, y) : x.compare(y);
        if (value != 0) return value;
    }
}

/// "3.13" of "3.13.3"; the whole text where there are no two dots.
std::string_view minor_of(std::string_view version) {
    const std::size_t dot = version.find('.');
    return dot == std::string_view::npos ? version : version.substr(0, version.find('.', dot + 1));
}

}  // namespace

int compare_versions(std::string_view package_type, std::string_view a, std::string_view b) {
    if (is_system_package(package_type)) return compare_dpkg(a, b);
    const std::string x = lower_case(a.starts_with('v') ? a.substr(1) : a);
    const std::string y = lower_case(b.starts_with('v') ? b.substr(1) : b);
    return compare_numbered(x, y, is_of_python(package_type));
}

bool is_pre_release(std::string_view package_type, std::string_view version) {
    if (is_system_package(package_type)) return false;
    const std::string text = lower_case(version.substr(0, version.find('+')));
    std::string_view rest = text;
    for (std::string_view part = take_part(rest); !part.empty(); part = take_part(rest)) {
        const auto begin = static_cast<std::size_t>(part.data() - text.data());
        const bool between = begin > 0 && !rest.empty() && is_digit(rest.front());
        if (begin > 0 && is_letter(part.front()) && is_pre_release_word(part, between, is_of_python(package_type)))
            return true;
    }
    return false;
}

bool is_interpreter(const Finding& finding) {
    return finding.package_type == "binary" && (finding.package == "python" || finding.package == "cpython");
}

bool is_installable(const Finding& finding, std::string_view fixed) {
    if (is_pre_release(finding.package_type, fixed) && !is_pre_release(finding.package_type, finding.version))
        return false;
    return !is_interpreter(finding) || finding.version.empty() || minor_of(fixed) == minor_of(finding.version);
}

std::string next_fix(const Finding& finding) {
    std::string next;
    for (const std::string& fixed : finding.fixed_in) {
        if (!is_installable(finding, fixed)) continue;
        if (!finding.version.empty() && compare_versions(finding.package_type, fixed, finding.version) <= 0) continue;
        if (next.empty() || compare_versions(finding.package_type, fixed, next) < 0) next = fixed;
    }
    return next;
}

std::string render_unusable_fix(const Finding& finding) {
    const std::string fixed = joined(finding.fixed_in, ", ");
    const auto all = [&](const auto& is) { return std::ranges::all_of(finding.fixed_in, is); };
    if (all([&](const std::string& version) { return is_pre_release(finding.package_type, version); }))
        return fixed + ", a pre-release";
    if (is_interpreter(finding) && all([&](const std::string& version) { return !is_installable(finding, version); }))
        return fixed + ", not in " + std::string(minor_of(finding.version));
    return fixed + ", below the installed " + finding.version;
}

void check_fix(Finding& finding) {
    if (finding.fix != FixState::fixed || finding.fixed_in.empty()) return;
    const bool any =
        std::ranges::any_of(finding.fixed_in, [&](const std::string& fixed) { return is_installable(finding, fixed); });
    if (!any) finding.fix = FixState::not_installable;
}
