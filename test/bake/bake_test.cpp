#include <catch2/catch_test_macros.hpp>

#include "approve.h"
#include "bake/bake.h"
#include "bake/samples.h"
#include "expect.h"

TEST_CASE("the bake file of a plan equals the golden file") {
    BuildSettings settings = sample_settings();
    settings.source = "https://github.com/DEFRA/defra-docker-python";
    settings.ca = "/etc/ssl/certs/ca-certificates.crt";
    settings.cache_from = {"type=local,src=/cache"};
    settings.cache_to = {"type=local,dest=/cache,mode=max"};
    settings.bases[2].layout = "/stand-ins/cc-debian12";
    settings.bases[1].pulled_from = "localhost:5000/hub/library/python@" + settings.bases[1].digest.text();
    approve(render_bake(sample_plan(), settings, sample_parsed(), "/out/images.building"), "build/bake.golden");
}

TEST_CASE("every target has its own scope in GitHub's cache") {
    BuildSettings settings = sample_settings();
    settings.cache_from = {"type=gha"};
    settings.cache_to = {"type=gha,mode=max"};
    const std::string bake = render_bake(sample_plan(), settings, sample_parsed(), "/out");
    for (const std::string name :
         {"3.13.3-development", "3.13.3-production", "3.12.6-development", "3.12.6-production"}) {
        CHECK(bake.find("\"type=gha,scope=python-" + name + "-linux-amd64\"") != std::string::npos);
        CHECK(bake.find("\"type=gha,mode=max,scope=python-" + name + "-linux-amd64\"") != std::string::npos);
    }
}

TEST_CASE("every platform of an image is a target with its own directory") {
    Plan plan = sample_plan();
    plan.images.resize(1);
    plan.platforms = {"linux/amd64", "linux/arm/v7"};
    const std::string bake = render_bake(plan, sample_settings(), sample_parsed(), "/out/images.building");
    CHECK(bake.find("\"3-13-3-development-linux-amd64\": {") != std::string::npos);
    CHECK(bake.find("\"3-13-3-development-linux-arm-v7\": {") != std::string::npos);
    CHECK(bake.find("type=oci,tar=false,dest=/out/images.building/3.13.3-development-linux-arm-v7\"") !=
          std::string::npos);
}

TEST_CASE("paths are neither evaluated by bake nor split into lists") {
    BuildSettings settings = sample_settings();
    settings.directory = "/home/${USER}/%{if}/a";
    settings.ca = "/certs, \"ours\"/ca.crt";
    const std::string bake = render_bake(sample_plan(), settings, sample_parsed(), "/out dir, x/b");
    CHECK(bake.find(R"("context": "/home/$${USER}/%%{if}/a")") != std::string::npos);
    CHECK(bake.find(R"("id=ca,\"src=/certs, \"\"ours\"\"/ca.crt\"")") != std::string::npos);
    CHECK(bake.find(R"("type=oci,tar=false,\"dest=/out dir, x/b/3.13.3-production-linux-amd64\"")") !=
          std::string::npos);
}

TEST_CASE("the frontend is pinned by an argument that overrides the Dockerfile") {
    BuildSettings settings = sample_settings();
    settings.bases.push_back(sample_base("docker/dockerfile:1", '5'));
    const Dockerfile dockerfile =
        parse_dockerfile("# syntax=docker.io/docker/dockerfile:1\n" + std::string(sample_dockerfile), "Dockerfile");
    const std::string bake = render_bake(sample_plan(), settings, dockerfile, "/out");
    CHECK(bake.find("\"BUILDKIT_SYNTAX\": \"docker/dockerfile:1@" + sample_digest('5').text()) != std::string::npos);
}

TEST_CASE("BuildKit's policy allows only the pinned images") {
    std::vector<Base> bases = {sample_base("python:3", '1'), sample_base("gcr.io/x:1", '2')};
    bases[1].stand_in = true;
    approve(render_source_policy(bases), "build/policy.golden");
}

TEST_CASE("a base without a digest is never used") {
    BuildSettings settings = sample_settings();
    settings.bases.erase(settings.bases.begin());
    CHECK(thrown_by([&] { render_bake(sample_plan(), settings, sample_parsed(), "/out"); }) ==
          "no digest is known for the base python:3.13.3-slim-bookworm\n"
          "  hint: nothing is built on a base that is not pinned\n");
}
