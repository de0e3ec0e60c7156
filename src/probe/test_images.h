// `test`: images into the engine, three containers for each, and their contract judged.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "contract/certificates.h"
#include "contract/contract.h"
#include "contract/facts.h"
#include "oci/layout.h"
#include "plan/plan.h"
#include "probe/engine.h"
#include "system/world.h"

/// One image on one platform: from a layout, or one that the engine has and that is not of this plan (`--reference`): a
/// service's child, or one of an older recipe. What the latter should be is taken from its own labels and environment
/// when it is tested; versions are compared with its labels only.
struct ImageUnderTest {
    std::string name;        ///< of the report: "3.13.3-production-linux-amd64"
    std::string platform{};  ///< "linux/amd64"; empty: the engine's own
    Expectations expected{};
    std::optional<Layout> layout{};                ///< what is tested …
    std::string reference{};                       ///< … or, without a layout, the engine's name for it
    std::vector<std::string> expected_failures{};  ///< ids of rows that its stand-in base cannot pass
};

/// What the plan says this layout of one of its images has to be.
ImageUnderTest make_image_under_test(const Plan& plan, const Layout& layout,
                                     std::vector<std::string> expected_failures);

struct TestSettings {
    Contract contract;
    std::vector<CertificateFile> certificates;  ///< of certificates/
    Date today{};
    std::size_t jobs = 2;
};

/// Tests every image, at most `jobs` at a time, each with at most `jobs` probes; one report per image, in their order.
/// A check that fails is a row; Error{failed} only if an image could not be tested at all. All that was put into the
/// engine is removed again, whatever happens, and so is what killed runs left there an hour ago or earlier.
std::vector<ContractReport> run_contract(const World& world, const EngineInfo& engine,
                                         const std::vector<ImageUnderTest>& images, const TestSettings& settings);
