#include "base/digest.h"

#include <openssl/evp.h>

#include <array>

#include "base/encoding.h"
#include "base/error.h"

namespace {

void require(int openssl_result) {
    if (openssl_result != 1) throw Error{Exit::failed, "OpenSSL could not compute a digest", ""};
}

}  // namespace

std::optional<Digest> Digest::parse(std::string_view text) {
    constexpr std::string_view prefix = "sha256:";
    const bool is_one = text.size() == prefix.size() + 64 && text.starts_with(prefix) &&
                        text.find_first_not_of("0123456789abcdef", prefix.size()) == std::string_view::npos;
    return is_one ? std::optional(Digest(std::string(text))) : std::nullopt;
}

Hash::Hash(const char* algorithm) : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    require(EVP_DigestInit_ex(context_.get(), EVP_get_digestbyname(algorithm), nullptr));
}

void Hash::add(std::string_view bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Hash::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
    unsigned size = 0;
    require(EVP_DigestFinal_ex(context_.get(), raw.data(), &size));
    return {raw.begin(), raw.begin() + size};
}

Digest Hash::finish_sha256() {
    return *Digest::parse("sha256:" + hexadecimal(finish()));
}

Digest sha256(std::string_view bytes) {
    Hash sum("SHA256");
    sum.add(bytes);
    return sum.finish_sha256();
}
