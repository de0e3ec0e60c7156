// The test stage: every image against its contract, with one report per image in out/tests.
#pragma once

#include <vector>

#include "contract/certificates.h"
#include "contract/contract.h"
#include "pipeline/images.h"

/// One report per layout. An image that passed in an earlier run is not tested again if nothing that the result depends
/// on has changed (pipeline/contract_cache.h); its report names that run.
std::vector<ContractReport> test_images(const World& world, const Settings& settings, const Project& project,
                                        const std::vector<Layout>& layouts);

/// Tests the images of --reference. No file of this repository is needed: their own labels say what they should be.
std::vector<ContractReport> test_references(const World& world, const Settings& settings);

/// The reports in out/tests about exactly these layouts.
std::vector<ContractReport> load_contract_reports(const World& world, const Settings& settings,
                                                  const std::vector<Layout>& layouts);

/// Known failures of the contract file that no longer happen.
Problems check_contract_file(const World& world, const Settings& settings, const std::vector<ContractReport>& reports);

/// The *.crt files of certificates/.
std::vector<CertificateFile> load_certificates(const World& world);
