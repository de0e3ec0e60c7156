// A checked content digest (OCI image-spec, descriptor.md "Digests"): only sha256 is used by registries in practice.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

class Digest {
  public:
    /// "sha256:" and 64 lower-case hexadecimal digits, or nothing.
    static std::optional<Digest> parse(std::string_view text);

    const std::string& text() const { return text_; }                           ///< "sha256:9f86…"
    std::string_view hex() const { return std::string_view(text_).substr(7); }  ///< "9f86…"
    std::string_view brief() const {
        return std::string_view(text_).substr(0, 19);
    }  ///< "sha256:9f86d081884c", for people

    auto operator<=>(const Digest&) const = default;

  private:
    explicit Digest(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

Digest sha256(std::string_view bytes);

/// SHA-256 of bytes that arrive in pieces.
class Sha256 {
  public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    ~Sha256();

    void add(std::string_view bytes);
    Digest finish();  ///< ends the computation; add nothing afterwards

  private:
    struct State;
    std::unique_ptr<State> state_;
};
