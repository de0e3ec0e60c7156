// A checked content digest (OCI image-spec, descriptor.md "Digests"): only sha256 is used by registries in practice.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

class Digest {
  public:
    /// "sha256:" and 64 lower-case hexadecimal digits, or nothing.
    static std::optional<Digest> parse(std::string_view text);

    const std::string& text() const { return text_; }                           ///< "sha256:9f86…"
    std::string_view hex() const { return std::string_view(text_).substr(7); }  ///< "9f86…"
    /// "sha256:9f86d081884c", for people.
    std::string_view brief() const { return std::string_view(text_).substr(0, 19); }

    auto operator<=>(const Digest&) const = default;

  private:
    explicit Digest(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

Digest sha256(std::string_view bytes);

/// A hash of bytes that arrive in pieces, by OpenSSL.
class Hash {
  public:
    explicit Hash(const char* algorithm);  ///< "SHA256", "MD5"
    void add(std::string_view bytes);
    std::string finish();    ///< the raw bytes; ends the computation: add nothing afterwards
    Digest finish_sha256();  ///< the same of "SHA256"

  private:
    std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};
