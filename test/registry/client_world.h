// A client of registries in a FakeWorld.
#pragma once

#include <utility>

#include "expect.h"
#include "fakes/fake_world.h"
#include "registry/client.h"

struct ClientWorld : FakeWorld {
    const World seen_by_client = world();
    registry::Client client;

    explicit ClientWorld(registry::ClientSettings settings = {}) : client(seen_by_client, std::move(settings)) {}
};
