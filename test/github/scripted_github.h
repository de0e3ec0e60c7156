// The fake GitHub behind a FakeWorld, and a client for it.
#pragma once

#include "expect.h"
#include "fakes/fake_world.h"
#include "github/api.h"
#include "github/fake_github.h"

struct ScriptedGitHub {
    FakeWorld fake;
    const World world = fake.world();
    FakeGitHub hub;

    ScriptedGitHub() {
        hub.base = "https://api.github.example";
        for (const char* method : {"GET", "POST", "PATCH", "PUT", "DELETE"}) {
            fake.http.stub_with(method, "*", [this](const Request& request) {
                const std::string body = request.body_file.empty() ? request.body : fake.files.read(request.body_file);
                return hub.respond(request.method, request.url, request.headers, body);
            });
        }
    }

    github::ApiSettings settings() const {
        return {.base = hub.base, .repository = hub.repository, .token = Secret(hub.token)};
    }

    github::Api api() const { return {world, settings()}; }
};
