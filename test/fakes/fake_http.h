// HTTP with scripted responses. It records every request.
#pragma once

#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "fakes/fake_files.h"
#include "system/http.h"

struct FakeHttp : Http {
    using Effect = std::function<Response(const Request&)>;

    struct Stub {
        std::string method;
        std::string
            url;  ///< may hold `*` and `?` (base/text.h, matches_pattern): a literal question mark matches itself
        Effect effect;
        bool used = false;
    };

    FakeFiles* files = nullptr;  ///< where save_to and body_file live; set by FakeWorld
    std::vector<Stub> stubs;
    std::vector<Request> sent;

    /// If several stubs match a request, each is used once, in the order in which they were added; the last one
    /// serves all later requests. A body of status 200 or 206 goes to Request::save_to if that is set, as in the real
    /// one.
    void stub(std::string method, std::string url, Response response) {
        stub_with(std::move(method), std::move(url), [response](const Request&) { return response; });
    }
    void stub(std::string method, std::string url, int status, std::string body = "",
              std::vector<Header> headers = {}) {
        stub(std::move(method), std::move(url), Response{status, std::move(headers), std::move(body)});
    }
    /// A computed response, for servers with state.
    void stub_with(std::string method, std::string url, Effect effect) {
        stubs.push_back({std::move(method), std::move(url), std::move(effect)});
    }
    /// The request fails without a response: throws what the real one throws.
    void fail(std::string method, std::string url, std::string what = "connection reset by peer") {
        stub_with(std::move(method), std::move(url), [what](const Request& request) -> Response {
            throw Error{Exit::failed, request.method + " " + request.url + ": " + what, ""};
        });
    }

    /// A request without a stub is an error in the test: throws std::logic_error.
    Response send(const Request& request) override {
        Effect effect;
        {
            const std::lock_guard lock(mutex_);
            sent.push_back(request);
            effect = next_stub(request).effect;
        }
        Response response = effect(request);
        if (request.method == "HEAD") response.body.clear();
        if (response.body.size() > request.max_body && response.status >= 400) {
            response.body.resize(request.max_body);
        } else if (response.body.size() > request.max_body) {
            Error error{Exit::failed, request.method + " " + request.url + ": the response is too large", ""};
            error.is_permanent = request.method == "GET";
            throw error;
        }
        const bool saved = !request.save_to.empty() && (response.status == 200 || response.status == 206);
        if (saved && files != nullptr) {
            files->write(request.save_to, response.body);
            response.body.clear();
        }
        return response;
    }

    /// The requests, one per line: "PUT https://host/path".
    std::string lines() const {
        std::string text;
        for (const Request& request : sent) text += request.method + " " + request.url + "\n";
        return text;
    }

  private:
    Stub& next_stub(const Request& request) {
        Stub* last = nullptr;
        for (Stub& stub : stubs) {
            if (stub.method != request.method || !matches_pattern(stub.url, request.url)) continue;
            last = &stub;
            if (!stub.used) break;
        }
        if (last == nullptr) {
            throw std::logic_error("the test has no stub for this request: " + request.method + " " + request.url);
        }
        last->used = true;
        return *last;
    }

    std::mutex mutex_;
};
