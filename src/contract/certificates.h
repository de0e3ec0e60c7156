// Certificate authorities as files: what is in them, and whether Python's strict verification takes them.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/error.h"

/// A file of certificates/, as text.
struct CertificateFile {
    std::string name;  ///< "certificates/internal-ca.crt"
    std::string text;
};

/// One authority.
struct Certificate {
    Place at;                                  ///< its BEGIN line
    std::string subject;                       ///< "CN=Example Internal CA"
    std::string sha256;                        ///< of its DER bytes, lower-case hexadecimal
    Date not_after{};                          ///< the day on which it ends
    std::vector<std::string> refused_because;  ///< by strict verification; empty: it is taken
};

/// Every certificate of PEM texts, in order. Throws Error{bad_input} with every error: none in a file, one that
/// cannot be read, a private key.
std::vector<Certificate> parse_certificates(const std::vector<CertificateFile>& files);

/// SHA-256, in lower-case hexadecimal, of the DER bytes of every certificate of a PEM text that can be read.
std::set<std::string> list_fingerprints(std::string_view pem);

/// What a person should know about these files: the problems of parse_certificates as errors; as warnings certificates
/// that Python 3.13's default context refuses (basicConstraints not critical, no keyUsage …), that have expired or will
/// within 90 days, and doubles.
Problems check_certificates(const std::vector<CertificateFile>& files, Date today);

/// An authority of a test's own, whose key lives as long as the test.
struct TestAuthority {
    std::string certificate;  ///< PEM
    std::string server;       ///< PEM: a certificate for localhost that it has issued, and the server's key
};

/// A new one that strict verification takes, valid from a day before `now` for `lifetime` after it. Throws
/// Error{failed} if OpenSSL cannot make it.
TestAuthority make_test_authority(const std::string& name, Time now, std::chrono::days lifetime = std::chrono::days(1));
