#include "probe/test_authority.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <vector>

#include "base/error.h"

namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using X509Object = std::unique_ptr<X509, Free>;
using Extension = std::unique_ptr<X509_EXTENSION, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

struct ExtensionText {
    int id = 0;
    const char* value = "";
};

void require(bool done) {
    if (!done)
        throw Error{Exit::failed, "OpenSSL could not make a certificate for the test",
                    "see whether this machine's OpenSSL is restricted (openssl.cnf)"};
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"));
    require(key != nullptr);
    return key;
}

X509Object make_certificate(const std::string& name, EVP_PKEY* key, Time now, std::chrono::days lifetime) {
    X509Object certificate(X509_new());
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

void sign(X509* certificate, const std::vector<ExtensionText>& extensions, X509* issuer, EVP_PKEY* issuer_key) {
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    for (const ExtensionText& text : extensions) {
        const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, text.id, text.value));
        require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
    }
    require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
}

std::string text_of(BIO* bio) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

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

    const Bio trusted(BIO_new(BIO_s_mem()));
    const Bio served(BIO_new(BIO_s_mem()));
    require(PEM_write_bio_X509(trusted.get(), authority.get()) == 1);
    require(PEM_write_bio_X509(served.get(), server.get()) == 1);
    require(PEM_write_bio_PrivateKey(served.get(), server_key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return {.certificate = text_of(trusted.get()), .server = text_of(served.get())};
}
