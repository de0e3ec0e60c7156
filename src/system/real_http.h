// HTTP over the network and over unix sockets, by libcurl.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "system/http.h"
#include "system/processes.h"

/// May be used by several threads at a time. Connections are kept and used again. TLS is always verified, against
/// CURL_CA_BUNDLE or SSL_CERT_FILE (and SSL_CERT_DIR) if `environment` names one, else against the system's
/// certificates. Proxies are taken from the process's environment as libcurl does (http_proxy, HTTPS_PROXY, NO_PROXY
/// …).
class RealHttp : public Http {
  public:
    explicit RealHttp(const Environment& environment);

    Response send(const Request& request) override;

  private:
    using Handle = std::unique_ptr<void, void (*)(void*)>;

    Handle take_handle();
    void give_back(Handle handle);

    std::string ca_file_;
    std::string ca_directory_;
    std::mutex mutex_;          ///< guards what follows
    std::vector<Handle> idle_;  ///< each with its open connections
};
