// Two processes of the program publish at the same time, in many interleavings, to a real registry. A proxy for each of
// them delays its requests until it is its turn.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <deque>
#include <thread>

#include "base/text.h"
#include "commands/publish_job.h"
#include "registry/schedule.h"
#include "system/local_server.h"

namespace {

/// The proxy between one run and the registry.
class Gate {
  public:
    Gate(std::string registry, Schedule& schedule, std::size_t run)
        : registry_(std::move(registry)), schedule_(schedule), run_(run) {}

    std::string host() const { return server_.host(); }

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
        stage_ = stage_of(request.method, request.url, stage_, DelayPoint::before_put);
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
    RunStage stage_ = RunStage::read;
    RealHttp http_{Environment{}};
    LocalServer server_{[this](const std::string& request) { return pass_on(request); }};
};

enum class Kind { versions, inputs, bytes };

/// Two builds to publish at the same time, each in its own work tree.
struct Racers {
    std::array<PublishJob, 2> jobs;

    explicit Racers(Kind kind)
        : jobs{PublishJob{{.version = "1.1.0", .bytes = "one"}},
               PublishJob{{.version = kind == Kind::versions ? "1.2.0" : "1.1.0",
                           .bytes = "two",
                           .dockerfile = kind == Kind::inputs ? "RUN true\n" : ""}}} {}

    /// Their exit codes.
    std::array<Finished, 2> run(const std::string& registry, const std::string& name_space, const std::string& order) {
        Schedule schedule(order);
        std::array<Finished, 2> ended;
        const auto go = [&](std::size_t i) {
            const Gate gate(registry, schedule, i);
            ended.at(i) = jobs.at(i).publish(
                gate.host(), {"--namespace", name_space, "--databases", (jobs.at(i).tree / "no databases").string()},
                {{"PATH", "/usr/bin:/bin"}});  // so that a rescan is impossible
            schedule.finish(i);
        };
        std::thread other([&] { go(1); });
        go(0);
        other.join();
        return ended;
    }
};

/// The exit codes of both runs of a race, and the resulting tags.
struct Race {
    std::string order;
    std::array<Finished, 2> ended;
    Tags tags;
};

constexpr std::size_t races_at_once = 3;

/// Runs all races against one registry, each in its own namespace.
std::vector<Race> run_races(const std::string& registry, Kind kind, const std::vector<std::string>& orders) {
    std::deque<Racers> racers;  // created in this thread: their set-up makes assertions
    for (std::size_t i = 0; i < races_at_once; ++i) racers.emplace_back(kind);
    std::vector<Race> races(orders.size());
    std::atomic<std::size_t> next = 0;
    std::vector<std::thread> threads;
    for (Racers& two : racers) {
        threads.emplace_back([&] {
            for (std::size_t i = next++; i < orders.size(); i = next++) {
                const std::string name_space = "race-" + std::to_string(i);
                races[i] = {orders[i], two.run(registry, name_space, orders[i]), tags_at(registry, name_space)};
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    return races;
}

/// The tags that each build leaves if it runs alone.
std::array<Tags, 2> publish_alone(const std::string& registry, Kind kind) {
    Racers racers(kind);
    std::array<Tags, 2> alone;
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string name_space = "alone-" + std::to_string(i);
        const Finished finished = racers.jobs.at(i).publish(registry, {"--namespace", name_space});
        INFO(finished.err);
        REQUIRE(finished.exit_code == 0);
        alone.at(i) = tags_at(registry, name_space);
        REQUIRE(alone.at(i).size() == 10);
    }
    REQUIRE(alone[0] != alone[1]);
    return alone;
}

}  // namespace

TEST_CASE("Two processes publish in many interleavings: nothing is overwritten, and tags only go forwards", "[whole]") {
    needs_docker_registry();
    // Only here: two processes and a real registry. registry/race_test.cpp covers every interleaving in memory, also
    // with runs that wait before they read; here it is every fourth.
    const Kind kind = GENERATE(Kind::versions, Kind::inputs, Kind::bytes);
    const DockerRegistry registry;
    const std::array<Tags, 2> alone = publish_alone(registry.host(), kind);
    Tags both = alone[1];
    both.insert(alone[0].begin(), alone[0].end());  // the moving tags are those of the newer version
    const std::vector<std::string> all = kind == Kind::versions ? list_orders() : list_orders_of_equals();
    std::vector<std::string> orders;
    for (std::size_t i = 0; i < all.size(); i += 4) orders.push_back(all[i]);
    for (const Race& race : run_races(registry.host(), kind, orders)) {
        INFO(race.order << ", kind " << static_cast<int>(kind));
        INFO(race.ended[0].err << race.ended[1].err);
        if (kind == Kind::versions) {
            CHECK(race.tags == both);
            CHECK(race.ended[1].exit_code == 0);
            CHECK((race.ended[0].exit_code == 0 || race.ended[0].exit_code == 3));
            continue;
        }
        const std::size_t winner = race.tags == alone[0] ? 0 : 1;
        CHECK(race.tags == alone.at(winner));
        CHECK(race.ended.at(winner).exit_code == 0);
        const int loser = race.ended.at(1 - winner).exit_code;
        if (kind == Kind::inputs) {
            CHECK(loser == 1);
        } else {
            CHECK((loser == 0 || loser == 3));
        }
    }
}
