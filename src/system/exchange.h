// One HTTP exchange by libcurl while it is under way: what it is shown as, and what comes of it.
#pragma once

#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "system/descriptor.h"
#include "system/http.h"

/// What may be shown of a request's address, and what connections are kept by.
struct Address {
    std::string server;  ///< "https://ghcr.io:443"
    std::string shown;   ///< "ghcr.io/v2/": neither user, query nor fragment
};

Address parse_address(const Request& request);

/// For libcurl's callbacks, which know of it by a pointer.
struct Exchange {
    const Request& request;
    CURL* handle;
    Address address;
    Response response{};
    FileDescriptor body_file{};  ///< what is sent
    FileDescriptor part_file{};  ///< what comes: beside Request::save_to until it is whole
    std::size_t header_bytes = 0;
    std::uint64_t body_bytes = 0;
    std::string refusal{};  ///< why we ended it ourselves
    bool is_cut = false;    ///< we ended it ourselves, and keep what came: the beginning of a long error page
    int disk_error = 0;     ///< errno, if the disk did
    std::array<char, CURL_ERROR_SIZE> said{};

    /// Throws Error{failed} that names method, host and path.
    [[noreturn]] void fail(const std::string& what, const std::string& hint = "", bool is_permanent = true) const;

    /// These four return false, and the reason is in `refusal` or `disk_error`, if the exchange is to be ended.
    bool take_header(std::string_view line);
    bool take_body(std::string_view bytes);
    bool open_part();
    bool finish_part();
    void remove_part() const;  ///< what came of an exchange that failed

    void note_status();
    bool is_saved() const;
    std::filesystem::path part_path() const { return request.save_to.string() + ".part"; }
};
