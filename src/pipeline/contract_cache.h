// Results of earlier contract tests, kept outside of the checkout. The same image, contract, program and engine give
// the same result, so an image that passed is not tested again. Whoever can write here could hide a failed check: keep
// it with the same care as the vulnerability databases.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "contract/contract.h"
#include "probe/test_images.h"
#include "system/world.h"

/// The name of the result of this test: a digest of all that it depends on. These are the image's manifest and
/// configuration with what is expected of it, the contract with its limits and known failures, the certificates, what
/// its base is expected to fail, the day where a date decides, this very program (with its probes and rows), and the
/// engine with its components, its kernel and its image store.
std::string make_contract_key(const ImageUnderTest& image, const TestSettings& settings, const std::string& contract,
                              const EngineInfo& engine, const Digest& program);

/// The result with this key in the cache, as `reused`; nothing if there is none, it is damaged, or a check failed.
std::optional<ContractReport> load_cached_report(Files& files, const std::filesystem::path& cache,
                                                 const std::string& key);

/// Adds a result if every check passed, and removes those of other builds of this program, which no key can name any
/// more. The result counts also where it cannot be saved: that is a line on `log`.
void save_cached_report(const World& world, const std::filesystem::path& cache, const ContractReport& report);
