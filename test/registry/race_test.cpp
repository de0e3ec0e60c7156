// Two runs that publish at the same time: every interleaving of their stages, and the resulting state of the registry.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <thread>
#include <tuple>

#include "bench.h"
#include "schedule.h"

namespace {

/// One run's connection to the registry: it waits for its turn before each request.
struct GatedHttp : Http {
    Http& real;
    Schedule& schedule;
    std::size_t run;
    DelayPoint delay;
    std::mutex mutex;
    RunStage stage = RunStage::read;

    GatedHttp(Http& http, Schedule& order, std::size_t which, DelayPoint where)
        : real(http), schedule(order), run(which), delay(where) {}

    Response send(const Request& request) override {
        RunStage now = RunStage::read;
        {
            const std::lock_guard lock(mutex);
            now = stage = stage_of(request.method, request.url, stage, delay);
        }
        schedule.enter(run, now);
        return real.send(request);
    }
};

/// Two runs against one registry that already has an older version.
struct Race {
    Shape shape = Shape::whole;
    Bench bench{};
    SampleMatrix last = make("1.0.0", "out/last");
    std::tuple<decltype(FakeRegistry::blobs), decltype(FakeRegistry::manifests), decltype(FakeRegistry::tags)> before{};
    std::array<int, 2> codes = {0, 0};
    std::map<std::string, Digest> first;  ///< the first digest written to each version tag

    explicit Race(Shape of = Shape::whole) : shape(of) {
        bench.push(last);
        before = std::tie(bench.registry.blobs, bench.registry.manifests, bench.registry.tags);
    }

    /// Only the older version is left in the registry.
    void reset() {
        std::tie(bench.registry.blobs, bench.registry.manifests, bench.registry.tags) = before;
        bench.fake.http.sent.clear();
        first.clear();
    }

    SampleMatrix make(const std::string& version, const std::string& directory, const SampleBuild& build = {}) {
        return {bench.fake.files, version, directory, build, shape};
    }

    void run(const std::array<const SampleMatrix*, 2>& matrices, const std::string& order, DelayPoint delay) {
        bench.registry.loses = [this](const Request& request) -> std::optional<Response> {
            if (request.method == "PUT" && request.url.find("-python3.") != std::string::npos)
                first.emplace(request.url.substr(request.url.find("/defra/")), sha256(request.body));
            return std::nullopt;
        };
        Schedule schedule(order);
        const auto go = [&](std::size_t i) {
            GatedHttp http(bench.fake.http, schedule, i, delay);
            codes.at(i) = publish(*matrices.at(i), http);
            schedule.finish(i);
        };
        std::thread other([&] { go(1); });
        go(0);
        other.join();
    }

    int publish(const SampleMatrix& matrix, Http& http) {
        std::ostringstream log;
        const World world{bench.world.processes,
                          http,
                          bench.world.files,
                          bench.world.clock,
                          bench.world.timings,
                          bench.world.environment,
                          log,
                          log};
        try {
            Client client(world, {.pushes_to = {bench.registry.host}});
            push_matrix(world, client, bench.registry.host, matrix);
            return 0;
        } catch (const Error& error) {
            return static_cast<int>(error.exit);
        }
    }

    bool holds(const SampleMatrix& matrix, TagKind kind) const {
        const std::vector<TagName> names = names_of(matrix, kind);
        return std::all_of(names.begin(), names.end(), [&](const TagName& name) {
            const auto tag = bench.registry.tags.find(name.repository + ":" + name.tag);
            return tag != bench.registry.tags.end() && tag->second == index_of(matrix, name);
        });
    }
    bool holds(const SampleMatrix& matrix) const {
        return holds(matrix, TagKind::version) && holds(matrix, TagKind::moving);
    }

    bool keeps_first_writes() const {
        return std::all_of(first.begin(), first.end(), [&](const auto& one) {
            std::string name = one.first.substr(1);
            name.replace(name.find("/manifests/"), 11, ":");
            return bench.registry.tags.at(name) == one.second;
        });
    }
};

}  // namespace

TEST_CASE("an older and a newer version at once: both get their version tags, and the newer one the moving tags",
          "[whole]") {
    // Only here: every interleaving of two runs, which takes too long for the fast tests.
    const DelayPoint delay = GENERATE(DelayPoint::before_read, DelayPoint::before_put);
    const Shape shape = GENERATE(Shape::whole, Shape::one_tag_each, Shape::one_tag);
    Race race(shape);
    const SampleMatrix older = race.make("1.1.0", "out/older");
    const SampleMatrix newer = race.make("1.2.0", "out/newer");
    for (const std::string& order : list_orders()) {
        INFO(order << (delay == DelayPoint::before_put ? ", delayed between reading and writing" : "") << ", shape "
                   << static_cast<int>(shape));
        race.reset();
        race.run({&older, &newer}, order, delay);
        CHECK(race.holds(newer));
        CHECK(race.holds(older, TagKind::version));
        CHECK(race.codes[1] == 0);
        CHECK((race.codes[0] == 0 || race.codes[0] == 3));
        CHECK(race.keeps_first_writes());
    }
}

TEST_CASE("one version from different inputs at once: the first write stays, and the other run is rejected",
          "[whole]") {
    // Only here: every interleaving of two runs, which takes too long for the fast tests.
    const DelayPoint delay = GENERATE(DelayPoint::before_read, DelayPoint::before_put);
    const Shape shape = GENERATE(Shape::whole, Shape::one_tag_each, Shape::one_tag);
    Race race(shape);
    const SampleMatrix one = race.make("1.1.0", "out/one", {"one", "one"});
    const SampleMatrix two = race.make("1.1.0", "out/two", {"two", "two"});
    for (const std::string& order : list_orders_of_equals()) {
        INFO(order << (delay == DelayPoint::before_put ? ", delayed between reading and writing" : ""));
        race.reset();
        race.run({&one, &two}, order, delay);
        // Both runs read the only version tag before either wrote it: the last writer publishes.
        if (shape != Shape::one_tag || delay == DelayPoint::before_read) CHECK(race.keeps_first_writes());
        const bool first_won = race.holds(one);
        CHECK((first_won || race.holds(two)));
        CHECK(race.codes[first_won ? 0 : 1] == 0);
        CHECK(race.codes[first_won ? 1 : 0] == 1);
    }
}

TEST_CASE("one version from the same inputs at once: one build stays, and a re-run of the other reuses it", "[whole]") {
    // Only here: every interleaving of two runs, which takes too long for the fast tests.
    const DelayPoint delay = GENERATE(DelayPoint::before_read, DelayPoint::before_put);
    const Shape shape = GENERATE(Shape::whole, Shape::one_tag_each, Shape::one_tag);
    const std::string bytes = GENERATE("", "other bytes");
    Race race(shape);
    const SampleMatrix one = race.make("1.1.0", "out/one");
    const SampleMatrix two = race.make("1.1.0", "out/two", {bytes, ""});
    for (const std::string& order : list_orders_of_equals()) {
        INFO(order << (delay == DelayPoint::before_put ? ", delayed between reading and writing" : "") << ", "
                   << bytes);
        race.reset();
        race.run({&one, &two}, order, delay);
        // Both runs read the only version tag before either wrote it: the last writer publishes.
        if (shape != Shape::one_tag || delay == DelayPoint::before_read) CHECK(race.keeps_first_writes());
        const bool first_won = race.holds(one);
        CHECK((first_won || race.holds(two)));
        CHECK(race.codes[first_won ? 0 : 1] == 0);
        const int other = race.codes[first_won ? 1 : 0];
        CHECK((other == 0 || other == 3));
        if (bytes.empty()) CHECK(other == 0);
        CHECK(race.publish(first_won ? two : one, race.bench.fake.http) == 0);
        CHECK(race.holds(first_won ? one : two));
    }
}
