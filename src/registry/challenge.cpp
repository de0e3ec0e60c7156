#include "registry/challenge.h"

#include <algorithm>

#include "base/reference.h"
#include "base/text.h"

namespace registry {

namespace {

/// Walks over one header: scheme, then name=value pairs, then perhaps the next scheme.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    void skip_blanks_and_commas() {
        const std::size_t next = rest_.find_first_not_of(" \t,");
        rest_.remove_prefix(next == std::string_view::npos ? rest_.size() : next);
    }

    std::string take_word() {
        const std::size_t end = std::min(rest_.find_first_of(" \t,=\""), rest_.size());
        std::string word(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return word;
    }

    /// Blanks around it are bad, and to be understood (RFC 9110 §11.2).
    bool take_equals() {
        const std::size_t equals = rest_.find_first_not_of(" \t");
        if (equals == std::string_view::npos || rest_[equals] != '=') return false;
        const std::size_t value = rest_.find_first_not_of(" \t", equals + 1);
        rest_.remove_prefix(std::min(value, rest_.size()));
        return true;
    }

    std::string take_value() {
        if (!rest_.starts_with('"')) return take_word();
        std::string value;
        std::size_t i = 1;
        for (; i < rest_.size() && rest_[i] != '"'; ++i) {
            if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
            value += rest_[i];
        }
        rest_.remove_prefix(std::min(i + 1, rest_.size()));
        return value;
    }

    bool at_end() const { return rest_.empty(); }
    void skip_one() { rest_.remove_prefix(1); }

  private:
    std::string_view rest_;
};

bool is_all_of(std::string_view text, std::string_view characters) {
    return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

/// An IP address where a name should stand, or a name that always means this machine. Every literal counts, not only
/// those of private networks: a token server has a name, and 2130706433 or 0x7f000001 are spellings of 127.0.0.1.
bool is_literal(std::string_view host) {
    if (host.starts_with('[')) return true;
    const std::string_view name = host.substr(0, host.find(':'));
    return name == "localhost" || name.starts_with("0x") || is_all_of(name, "0123456789.");
}

}  // namespace

std::vector<Challenge> parse_challenges(const std::vector<std::string>& headers) {
    std::vector<Challenge> challenges;
    for (const std::string& header : headers) {
        Scanner scanner(header);
        for (scanner.skip_blanks_and_commas(); !scanner.at_end(); scanner.skip_blanks_and_commas()) {
            const std::string word = scanner.take_word();
            if (scanner.take_equals()) {
                if (!challenges.empty()) challenges.back().values[lower_case(word)] = scanner.take_value();
            } else if (!word.empty()) {
                challenges.push_back({lower_case(word), {}});
            } else {
                scanner.skip_one();
            }
        }
    }
    return challenges;
}

bool is_trustworthy_realm(const std::string& realm, const std::string& registry_host) {
    const std::string host = host_of(realm);
    if (host.empty() || host.find('@') != std::string::npos) return false;
    if (is_loopback(registry_host))
        return (realm.starts_with("http://") || realm.starts_with("https://")) && is_loopback(host);
    if (!realm.starts_with("https://")) return false;
    return host == registry_host || !is_literal(host);
}

}  // namespace registry
