#include "base/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace {

bool is_lower_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

void require(int openssl_result) {
    if (openssl_result != 1) throw Error{Exit::failed, "OpenSSL could not compute a SHA-256 digest", ""};
}

}  // namespace

std::optional<Digest> Digest::parse(std::string_view text) {
    constexpr std::string_view prefix = "sha256:";
    if (text.size() != prefix.size() + 64 || text.substr(0, prefix.size()) != prefix) return std::nullopt;
    const std::string_view hex = text.substr(prefix.size());
    if (!std::ranges::all_of(hex, is_lower_hex)) return std::nullopt;
    return Digest(std::string(text));
}

struct Sha256::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    require(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr));
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
    require(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
}

Digest Sha256::finish() {
    std::array<unsigned char, 32> raw{};
    require(EVP_DigestFinal_ex(state_->context, raw.data(), nullptr));
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "sha256:";
    for (const unsigned char byte : raw) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return *Digest::parse(text);
}

Digest sha256(std::string_view bytes) {
    Sha256 sum;
    sum.add(bytes);
    return sum.finish();
}
