// The same races with two processes, a real registry and a proxy in front of it that holds their requests back.
#include <unistd.h>

#include <catch2/generators/catch_generators.hpp>

#include "base/text.h"
#include "peer.h"
#include "schedule.h"
#include "system/local_server.h"

namespace {

/// One run's way to the registry.
class Gate {
  public:
    Gate(const std::string& registry, Schedule& schedule, std::size_t run, DelayPoint delay)
        : registry_(registry), schedule_(schedule), run_(run), existing_(delay) {}

    std::string host() const { return server_.address(); }

  private:
    Reply pass_on(const std::string& raw) {
        const std::size_t path = raw.find(' ') + 1;
        const std::size_t head = raw.find("\r\n\r\n");
        Request request{.method = raw.substr(0, path - 1),
                        .url = "http://" + registry_ + raw.substr(path, raw.find(' ', path) - path),
                        .body = raw.substr(head + 4)};
        for (std::size_t at = raw.find("\r\n") + 2; at < head; at = raw.find("\r\n", at) + 2) {
            const std::string line = raw.substr(at, raw.find("\r\n", at) - at);
            const std::string name = lower_case(line.substr(0, line.find(':')));
            if (name == "accept" || name == "content-type")
                request.headers.push_back({name, std::string(trimmed(line.substr(line.find(':') + 1)))});
        }
        stage_ = stage_of(request.method, request.url, stage_, existing_);
        schedule_.enter(run_, stage_);
        const Response response = http_.send(request);
        std::string headers;
        for (const char* name : {"Docker-Content-Digest", "Location", "Content-Type"}) {
            if (const auto value = response.header(name)) headers += std::string(name) + ": " + *value + "\r\n";
        }
        return make_reply(response.status, response.body, headers);
    }

    const std::string registry_;
    Schedule& schedule_;
    const std::size_t run_;
    const DelayPoint existing_;
    Stage stage_ = Stage::read;
    RealHttp http_{Environment{}};
    LocalServer server_{[this](const std::string& request) { return pass_on(request); }};
};

/// The tags of two runs that started together, in repositories of their own.
struct RealRace {
    Peer peer;
    std::array<int, 2> codes = {0, 0};

    void run(const std::string& registry, const std::array<const SampleMatrix*, 2>& matrices, const std::string& order,
             DelayPoint delay) {
        // The processes first: whatever is forked from a process with threads may inherit a lock that is delay.
        std::array<std::array<int, 2>, 2> pipes{};
        std::array<pid_t, 2> children{};
        for (std::size_t i = 0; i < 2; ++i) {
            REQUIRE(pipe(pipes.at(i).data()) == 0);
            children.at(i) = push_when_named(*matrices.at(i), pipes.at(i));
        }
        Schedule schedule(order);
        Gate one(registry, schedule, 0, delay);
        Gate two(registry, schedule, 1, delay);
        send_host(pipes[0], one.host());
        send_host(pipes[1], two.host());
        std::thread other([&] { wait(schedule, 1, children[1]); });
        wait(schedule, 0, children[0]);
        other.join();
    }

    pid_t push_when_named(const SampleMatrix& matrix, const std::array<int, 2>& ends) {
        const pid_t child = fork();
        if (child != 0) return child;
        std::array<char, 64> host{};
        if (read(ends[0], host.data(), host.size() - 1) <= 0) _exit(99);
        int code = 0;
        try {
            RealHttp http{Environment{}};
            peer.push(matrix, host.data(), http);
        } catch (const Error& error) {
            code = static_cast<int>(error.exit);
        }
        _exit(code);
    }

    static void send_host(const std::array<int, 2>& ends, const std::string& host) {
        CHECK(write(ends[1], host.data(), host.size()) == static_cast<ssize_t>(host.size()));
        close(ends[0]);
        close(ends[1]);
    }

    void wait(Schedule& schedule, std::size_t run, pid_t child) {
        codes.at(run) = exit_code_of(child);
        schedule.finish(run);
    }

    bool holds(const std::string& registry, const SampleMatrix& matrix, TagKind kind) {
        const World world = peer.world();
        Client client(world, {});
        return is_complete(look(client, registry, names_of(matrix, kind)), matrix);
    }
};

}  // namespace

TEST_CASE("two processes publish at once, in every order: nothing is overwritten, and tags go forwards only",
          "[peer]") {
    needs_docker_registry();
    // Only here: two processes and a registry that is not ours. race_test.cpp has every order in memory, also with runs
    // that wait before they read.
    const DelayPoint delay = DelayPoint::before_put;
    enum class Kind { versions, inputs, bytes };
    const Kind kind = GENERATE(Kind::versions, Kind::inputs, Kind::bytes);
    for (const std::string& order : list_orders()) {
        INFO(order << ", kind " << static_cast<int>(kind));
        const DockerRegistry registry;
        RealRace race;
        Files& files = race.peer.real.files;
        const fs::path tree = race.peer.real.tree.path;
        const std::string other = kind == Kind::bytes ? "" : "other";
        const SampleMatrix one(files, "1.1.0", tree / "one");
        const SampleMatrix two(files, kind == Kind::versions ? "1.2.0" : "1.1.0", tree / "two", {"other", other});
        race.run(registry.host(), {&one, &two}, order, delay);
        const bool first_won = race.holds(registry.host(), one, TagKind::moving);
        const SampleMatrix& winner = first_won ? one : two;
        CHECK(race.holds(registry.host(), winner, TagKind::moving));
        CHECK(race.holds(registry.host(), winner, TagKind::version));
        CHECK(race.codes[first_won ? 0 : 1] == 0);
        const int loser = race.codes[first_won ? 1 : 0];
        if (kind == Kind::versions) {
            CHECK_FALSE(first_won);
            CHECK(race.holds(registry.host(), one, TagKind::version));
            CHECK((loser == 0 || loser == 3));
        } else if (kind == Kind::inputs) {
            CHECK(loser == 1);
        } else {
            CHECK((loser == 0 || loser == 3));
        }
    }
}
