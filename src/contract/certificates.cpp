#include "contract/certificates.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <memory>

#include "base/digest.h"
#include "base/text.h"

namespace {

// With OpenSSL's own functions to free what they point to; these take a null pointer too.
using Bio = std::shared_ptr<BIO>;
using X509Object = std::shared_ptr<X509>;
using Key = std::shared_ptr<EVP_PKEY>;

/// By the line on which it begins: each certificate's text within a file, and what follows it. One without an end
/// cannot be read.
std::map<int, std::string> blocks_of(std::string_view pem) {
    std::map<int, std::string> blocks;
    int number = 0;
    for (const std::string& line : lines_of(pem)) {
        ++number;
        if (trimmed(line) == "-----BEGIN CERTIFICATE-----") blocks.emplace(number, "");
        if (!blocks.empty()) blocks.rbegin()->second.append(trimmed(line)).append("\n");
    }
    return blocks;
}

X509Object read_certificate(const std::string& pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
    return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

std::string der_of(X509* certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    std::string der(bytes, bytes + (size > 0 ? size : 0));
    OPENSSL_free(bytes);
    return der;
}

std::string text_of(BIO* bio) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string subject_of(X509* certificate) {
    const Bio bio(BIO_new(BIO_s_mem()), BIO_free_all);
    X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    const std::string text = text_of(bio.get());
    return text.empty() ? "(no name)" : text;
}

Date end_of(X509* certificate) {
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return Date::min();
    return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::from_time_t(timegm(&end)));
}

// Strict verification is asked of OpenSSL itself: a certificate for a server, issued in the authority's name, is
// verified with the flags of Python's ssl.create_default_context(), and what is said about the authority is kept. Only
// its signature cannot be right.

X509Object issue_in_name_of(X509* authority) {
    // OpenSSL takes an authority for the issuer only if the signature is of the kind that its key makes.
    const std::shared_ptr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(X509_get0_pubkey(authority), nullptr),
                                                EVP_PKEY_CTX_free);
    EVP_PKEY* made = nullptr;
    EVP_PKEY_keygen_init(context.get());
    EVP_PKEY_keygen(context.get(), &made);
    const Key key(made, EVP_PKEY_free);
    X509Object leaf(X509_new(), X509_free);
    X509_set_version(leaf.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(leaf.get()), 1);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(authority));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("a server"), -1, -1, 0);
    X509_set1_notBefore(leaf.get(), X509_get0_notBefore(authority));
    X509_set1_notAfter(leaf.get(), X509_get0_notAfter(authority));
    X509_set_pubkey(leaf.get(), key.get());
    const bool digests = X509_sign(leaf.get(), key.get(), EVP_sha256()) > 0;
    if (!digests) X509_sign(leaf.get(), key.get(), nullptr);  // Ed25519 takes none
    return leaf;
}

int note_authority_error(int passed, X509_STORE_CTX* context) {
    if (passed == 0 && X509_STORE_CTX_get_error_depth(context) > 0) {
        auto* reasons = static_cast<std::vector<std::string>*>(X509_STORE_CTX_get_app_data(context));
        const std::string reason = lower_case(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
        if (reasons->empty() || reasons->back() != reason) reasons->push_back(reason);
    }
    return 1;
}

std::vector<std::string> refusals_of(X509* authority) {
    if ((X509_get_key_usage(authority) & KU_KEY_CERT_SIGN) == 0)
        return {"its key usage does not allow it to sign certificates"};
    const X509Object leaf = issue_in_name_of(authority);
    const std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
    X509_STORE_add_cert(store.get(), authority);
    const std::shared_ptr<X509_STORE_CTX> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
    X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()),
                                X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
    std::vector<std::string> reasons;
    X509_STORE_CTX_set_app_data(context.get(), &reasons);
    X509_STORE_CTX_set_verify_cb(context.get(), note_authority_error);
    X509_verify_cert(context.get());
    if (sk_X509_num(X509_STORE_CTX_get0_chain(context.get())) < 2) return {"it does not match what it issues"};
    return reasons;
}

void read_file(const CertificateFile& file, std::vector<Certificate>& certificates, Problems& problems) {
    if (file.text.find("PRIVATE KEY-----") != std::string::npos) {
        add(problems, {file.name}, "there is a private key in this file",
            "take it out, also of the history, and have the authority replaced");
    }
    const std::map<int, std::string> blocks = blocks_of(file.text);
    if (blocks.empty()) {
        add(problems, {file.name}, "there is no certificate in this file",
            "it has to be PEM text; convert other forms with: openssl x509 -inform der -in FILE -out FILE.crt");
    }
    for (const auto& [line, text] : blocks) {
        const Place at{file.name, line};
        const X509Object object = read_certificate(text);
        if (!object) {
            add(problems, at, "this certificate cannot be read",
                "ask for it again, or see what is wrong with: openssl x509 -in FILE -noout -text");
            continue;
        }
        certificates.push_back({.at = at,
                                .subject = subject_of(object.get()),
                                .sha256 = std::string(sha256(der_of(object.get())).hex()),
                                .not_after = end_of(object.get()),
                                .refused_because = refusals_of(object.get())});
    }
}

// An authority of a test's own ----------------------------------------------------------------------------------------

void require(bool done) {
    if (!done)
        throw Error{Exit::failed, "OpenSSL could not make a certificate for the test",
                    "see whether this machine's OpenSSL is restricted (openssl.cnf)"};
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    require(key != nullptr);
    return key;
}

X509Object make_certificate(const std::string& name, EVP_PKEY* key, Time now, std::chrono::days lifetime) {
    X509Object certificate(X509_new(), X509_free);
    // DER has an integer in as few bytes as it takes: a first byte of zero would make the certificate unreadable.
    unsigned char random[8];
    require(RAND_bytes(random, sizeof random) == 1);
    random[0] = static_cast<unsigned char>(0x40U | (random[0] & 0x3FU));
    std::time_t time = std::chrono::system_clock::to_time_t(now);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_STRING_set(X509_get_serialNumber(certificate.get()), random, sizeof random);
    X509_time_adj_ex(X509_getm_notBefore(certificate.get()), -1, 0, &time);
    X509_time_adj_ex(X509_getm_notAfter(certificate.get()), static_cast<int>(lifetime.count()), 0, &time);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    require(X509_set_pubkey(certificate.get(), key) == 1);
    return certificate;
}

/// `extensions`: OpenSSL's numbers of them, and their values.
void sign(X509* certificate, const std::vector<std::pair<int, const char*>>& extensions, X509* issuer,
          EVP_PKEY* issuer_key) {
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    for (const auto& [id, value] : extensions) {
        const std::shared_ptr<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, id, value),
                                                        X509_EXTENSION_free);
        require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
    }
    require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
}

}  // namespace

std::vector<Certificate> parse_certificates(const std::vector<CertificateFile>& files) {
    std::vector<Certificate> certificates;
    Problems problems;
    for (const CertificateFile& file : files) read_file(file, certificates, problems);
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    return certificates;
}

std::set<std::string> list_fingerprints(std::string_view pem) {
    std::set<std::string> prints;
    for (const auto& [line, text] : blocks_of(pem)) {
        if (const X509Object object = read_certificate(text)) prints.emplace(sha256(der_of(object.get())).hex());
    }
    return prints;
}

Problems check_certificates(const std::vector<CertificateFile>& files, Date today) {
    std::vector<Certificate> certificates;
    Problems problems;
    for (const CertificateFile& file : files) read_file(file, certificates, problems);
    constexpr std::chrono::days soon{90};
    std::map<std::string, Place> seen;
    for (const Certificate& certificate : certificates) {
        const auto warn = [&](const std::string& what, const std::string& hint) {
            add(problems, certificate.at, what, hint, Level::warning);
        };
        const std::string& subject = certificate.subject;
        const auto [first, is_new] = seen.emplace(certificate.sha256, certificate.at);
        if (!is_new) {
            warn(fmt::format("\"{}\" is already in {}:{}", subject, first->second.file, first->second.line),
                 "take one of them out");
            continue;
        }
        const std::string end = render_date(certificate.not_after);
        if (!certificate.refused_because.empty())
            warn(fmt::format("Python 3.13 and later will not trust \"{}\": {}", subject,
                             joined(certificate.refused_because, "; ")),
                 "ask its owner for a certificate that keeps RFC 5280, or for the intermediate below it; services can "
                 "meanwhile clear ssl.VERIFY_X509_STRICT in their own context");
        if (today > certificate.not_after)
            warn(fmt::format("\"{}\" ended on {}", subject, end), "replace it, or take it out");
        else if (today > certificate.not_after - soon)
            warn(fmt::format("\"{}\" ends on {}", subject, end), "ask its owner for the next one");
    }
    return sorted_by_place(problems);
}

TestAuthority make_test_authority(const std::string& name, Time now, std::chrono::days lifetime) {
    const Key authority_key = make_key();
    const X509Object authority = make_certificate(name, authority_key.get(), now, lifetime);
    sign(authority.get(),
         {{NID_basic_constraints, "critical,CA:TRUE"},
          {NID_key_usage, "critical,keyCertSign,cRLSign"},
          {NID_subject_key_identifier, "hash"}},
         authority.get(), authority_key.get());

    const Key server_key = make_key();
    const X509Object server = make_certificate("localhost", server_key.get(), now, lifetime);
    sign(server.get(),
         {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature"},
          {NID_ext_key_usage, "serverAuth"},
          {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1"},
          {NID_subject_key_identifier, "hash"},
          {NID_authority_key_identifier, "keyid:always"}},
         authority.get(), authority_key.get());

    const Bio trusted(BIO_new(BIO_s_mem()), BIO_free_all);
    const Bio served(BIO_new(BIO_s_mem()), BIO_free_all);
    require(PEM_write_bio_X509(trusted.get(), authority.get()) == 1);
    require(PEM_write_bio_X509(served.get(), server.get()) == 1);
    require(PEM_write_bio_PrivateKey(served.get(), server_key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return {.certificate = text_of(trusted.get()), .server = text_of(served.get())};
}
