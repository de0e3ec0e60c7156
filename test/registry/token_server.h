// A token server for tests (distribution's "token" authentication). docker-registry is set up to trust its signature.
// It can be configured to grant less than requested.
#pragma once

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <memory>

#include "base/text.h"
#include "docker_registry.h"
#include "system/local_server.h"

/// Runs openssl in a directory; throws if it fails.
inline void run_openssl(const std::filesystem::path& directory, std::vector<std::string> argv) {
    std::ostringstream nowhere;
    RealProcesses processes{Relay{nowhere}};
    argv.insert(argv.begin(), "openssl");
    Command command;
    command.argv = argv;
    command.environment = {{"PATH", "/usr/bin:/bin"}};
    command.directory = directory;
    const Finished finished = processes.run(command);
    if (finished.exit_code != 0) throw std::runtime_error("openssl: " + finished.err);
}

/// Generates a key and a self-signed certificate: DIRECTORY/NAME.key and DIRECTORY/NAME.crt.
inline void make_certificate(const std::filesystem::path& directory, const std::string& name, const std::string& host) {
    run_openssl(directory,
                {"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".crt",
                 "-days", "2", "-subj", "/CN=" + host, "-addext", "subjectAltName=DNS:" + host});
}

class TokenServer {
  public:
    enum class Style { token_with_life, access_token_alone };

    TokenServer() : directory_(make_server_directory()) {
        make_certificate(directory_, "token", "tokens");
        std::FILE* key = std::fopen((directory_ / "token.key").c_str(), "r");
        key_.reset(PEM_read_PrivateKey(key, nullptr, nullptr, nullptr));
        std::fclose(key);
        std::ifstream certificate(directory_ / "token.crt");
        for (std::string line; std::getline(certificate, line);) {
            if (!line.starts_with("-----")) chain_ += line;
        }
        server_ = std::make_unique<LocalServer>([this](const std::string& request) { return respond(request); });
    }
    TokenServer(const TokenServer&) = delete;
    TokenServer& operator=(const TokenServer&) = delete;
    ~TokenServer() {
        server_.reset();
        std::filesystem::remove_all(directory_);
    }

    /// For a registry's configuration.
    std::string auth() const {
        return fmt::format(
            "auth:\n  token:\n    realm: {}\n    service: peer\n    issuer: tests\n    rootcertbundle: {}\n",
            server_->url("/token"), (directory_ / "token.crt").string());
    }

    std::atomic<bool> lets_push = true;
    std::atomic<int> lives = 300;  ///< how long a token is valid, in seconds (the registry tolerates 60 more)
    std::atomic<Style> style = Style::token_with_life;
    std::atomic<int> given = 0;

  private:
    static std::string base64url(const std::string& bytes) {
        std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
        text.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                                             reinterpret_cast<const unsigned char*>(bytes.data()),
                                                             static_cast<int>(bytes.size()))));
        while (text.ends_with('=')) text.pop_back();
        std::replace(text.begin(), text.end(), '+', '-');
        std::replace(text.begin(), text.end(), '/', '_');
        return text;
    }

    std::string sign(const std::string& text) const {
        const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
        std::string signature(512, '\0');
        std::size_t size = signature.size();
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size());
        signature.resize(size);
        return signature;
    }

    static std::string decoded(std::string text) {
        for (const auto& [code, plain] : {std::pair{"%3A", ":"}, {"%2F", "/"}, {"%2C", ","}}) {
            for (std::size_t at = text.find(code); at != std::string::npos; at = text.find(code))
                text.replace(at, 3, plain);
        }
        return text;
    }

    /// The token's access entry for a scope such as "repository:defra/python:pull,push".
    std::string grant(const std::string& scope) const {
        const std::vector<std::string> parts = fields_of(scope, ':');
        if (parts.size() != 3) return "";
        std::string actions;
        for (const std::string& action : fields_of(parts[2], ',')) {
            if (action != "push" || lets_push) actions += (actions.empty() ? "\"" : ",\"") + action + "\"";
        }
        return fmt::format(R"({{"type":"{}","name":"{}","actions":[{}]}})", parts[0], parts[1], actions);
    }

    Reply respond(const std::string& request) {
        const std::string line = request.substr(0, request.find(" HTTP/"));
        std::string grants;
        for (std::size_t at = line.find("scope="); at != std::string::npos; at = line.find("scope=", at + 1)) {
            const std::size_t begin = at + 6;
            const std::string one = grant(decoded(line.substr(begin, line.find('&', begin) - begin)));
            if (!one.empty()) grants += (grants.empty() ? "" : ",") + one;
        }
        const std::int64_t now = std::time(nullptr);
        const std::string text =
            base64url(fmt::format(R"({{"typ":"JWT","alg":"RS256","x5c":["{}"]}})", chain_)) + "." +
            base64url(fmt::format(
                R"({{"iss":"tests","sub":"","aud":"peer","exp":{},"nbf":{},"iat":{},"jti":"{}","access":[{}]}})",
                now + lives, now - 120, now - 120, ++given, grants));
        const std::string token = text + "." + base64url(sign(text));
        return make_reply(200, style == Style::token_with_life
                                   ? fmt::format(R"({{"token":"{}","expires_in":300}})", token)
                                   : fmt::format(R"({{"access_token":"{}"}})", token));
    }

    std::filesystem::path directory_;
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_{nullptr, EVP_PKEY_free};
    std::string chain_;
    std::unique_ptr<LocalServer> server_;
};
