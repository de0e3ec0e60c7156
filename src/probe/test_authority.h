// A certificate authority of a test's own, whose key lives as long as the test.
#pragma once

#include <string>

#include "base/date.h"

struct TestAuthority {
    std::string certificate;  ///< PEM
    std::string server;       ///< PEM: a certificate for localhost that it has issued, and the server's key
};

/// A new one that strict verification takes, valid from a day before `now` for `lifetime` after it. Throws
/// Error{failed} if OpenSSL cannot make it.
TestAuthority make_test_authority(const std::string& name, Time now, std::chrono::days lifetime = std::chrono::days(1));
