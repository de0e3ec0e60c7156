// The test stage: every image against its contract, with one report per image in out/tests.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "contract/certificates.h"
#include "contract/contract.h"
#include "pipeline/project.h"
#include "probe/test_images.h"
#include "system/world.h"

/// One report per layout. An image that passed in an earlier run is not tested again if nothing that the result depends
/// on has changed (make_contract_key); its report names that run.
std::vector<ContractReport> test_images(const World& world, const Settings& settings, const Project& project,
                                        const std::vector<Layout>& layouts);

/// Tests the images of --reference. No file of this repository is needed: their own labels say what they should be.
std::vector<ContractReport> test_references(const World& world, const Settings& settings);

/// The report in this file; nothing if there is no such file.
std::optional<ContractReport> load_contract_report(Files& files, const std::filesystem::path& file);
/// The reports in out/tests about exactly these layouts.
std::vector<ContractReport> load_contract_reports(const World& world, const Settings& settings,
                                                  const std::vector<Layout>& layouts);

/// Known failures of the contract file that no longer happen.
Problems check_contract_file(const World& world, const Settings& settings, const std::vector<ContractReport>& reports);

/// The *.crt files of certificates/.
std::vector<CertificateFile> load_certificates(const World& world);

// Results of earlier contract tests are kept outside of the checkout, with the same care as the vulnerability
// databases: anyone who can write there could hide a failed check.

/// How the keys of all results of this very build of the program begin. Another build may have another contract.
std::string key_of_program(const World& world);

/// The name of the result of this test: a digest of all that it depends on. These are the image's manifest and
/// configuration with what is expected of it, the contract with its limits and known failures, the certificates, what
/// its base is expected to fail, the day where a date decides, this very program (with its probes and rows), and the
/// engine with its components, its kernel and its image store. Where these are the same, so is the result.
std::string make_contract_key(const ImageUnderTest& image, const TestSettings& settings, const std::string& contract,
                              const EngineInfo& engine, const Digest& program);
