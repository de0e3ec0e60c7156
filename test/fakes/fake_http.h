// Servers that are told beforehand what every request is answered, and remember what was sent.
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

    struct Answer {
        std::string method;
        std::string
            url;  ///< may hold `*` and `?` (base/text.h, matches_pattern): a literal question mark matches itself
        Effect effect;
        bool given = false;
    };

    FakeFiles* files = nullptr;  ///< where save_to and body_file live; set by FakeWorld
    std::vector<Answer> answers;
    std::vector<Request> sent;

    /// Of several answers that fit a request each is given once, in the order in which they were told, and the last one
    /// from then on. A body of status 200 or 206 goes to Request::save_to if that is set, as in the real one.
    void answer(std::string method, std::string url, Response response) {
        answer_by(std::move(method), std::move(url), [response](const Request&) { return response; });
    }
    void answer(std::string method, std::string url, int status, std::string body = "",
                std::vector<Header> headers = {}) {
        answer(std::move(method), std::move(url), Response{status, std::move(headers), std::move(body)});
    }
    /// An answer that is computed, for servers that remember something.
    void answer_by(std::string method, std::string url, Effect effect) {
        answers.push_back({std::move(method), std::move(url), std::move(effect)});
    }
    /// No answer comes: what the real one throws then.
    void fail(std::string method, std::string url, std::string what = "connection reset by peer") {
        answer_by(std::move(method), std::move(url), [what](const Request& request) -> Response {
            throw Error{Exit::failed, request.method + " " + request.url + ": " + what, ""};
        });
    }

    /// A request that nothing was said about is a mistake in the test and throws std::logic_error.
    Response send(const Request& request) override {
        Effect effect;
        {
            const std::lock_guard lock(mutex_);
            sent.push_back(request);
            effect = next_answer(request).effect;
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

    /// What was asked, one line per request: "PUT https://host/path".
    std::string lines() const {
        std::string text;
        for (const Request& request : sent) text += request.method + " " + request.url + "\n";
        return text;
    }

  private:
    Answer& next_answer(const Request& request) {
        Answer* last = nullptr;
        for (Answer& answer : answers) {
            if (answer.method != request.method || !matches_pattern(answer.url, request.url)) continue;
            last = &answer;
            if (!answer.given) break;
        }
        if (last == nullptr) {
            throw std::logic_error("the test says nothing about this request: " + request.method + " " + request.url);
        }
        last->given = true;
        return *last;
    }

    std::mutex mutex_;
};
