// A value that must not be shown: it has no stream operator, no formatter and no conversion.
#pragma once

#include <string>
#include <utility>

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    bool empty() const { return value_.empty(); }
    /// Named so that every place that gives a secret away can be found with one search.
    const std::string& reveal() const { return value_; }

  private:
    std::string value_;
};

/// Of a registry.
struct Credentials {
    std::string user;
    Secret password;
};
