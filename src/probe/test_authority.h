// A certificate authority of a test's own, whose key lives as long as the test.
#pragma once

#include <string>

#include "base/date.h"

struct TestAuthority {
    std::string certificate;  ///< PEM
    std::string server;       ///< PEM: a certificate for localhost that it has issued, and the server's key
};

/// A new one, for the two days around `now`, that strict verification takes. Throws Error{failed} if OpenSSL cannot
/// make it.
TestAuthority make_test_authority(const std::string& name, Time now);
