// The test stage: every image against its contract, with one report per image in out/tests.
#pragma once

#include <vector>

#include "contract/certificates.h"
#include "contract/contract.h"
#include "pipeline/images.h"

/// Whether a report of an earlier run is good enough.
enum class Known { taken, tested_again };

/// One report per layout. With Known::taken an image that passed in an earlier run is not tested again, as long as
/// nothing that the result depends on has changed.
std::vector<ContractReport> test_images(const World& world, const Settings& settings, const Project& project,
                                        const std::vector<Layout>& layouts, Known known);

/// Tests the images of --reference. No file of this repository is needed: what they should be, they say themselves.
std::vector<ContractReport> test_references(const World& world, const Settings& settings);

/// The reports in out/tests about exactly these layouts.
std::vector<ContractReport> load_contract_reports(const World& world, const Settings& settings,
                                                  const std::vector<Layout>& layouts);

/// Known failures of the contract file that no longer happen.
Problems check_contract_file(const World& world, const Settings& settings, const std::vector<ContractReport>& reports);

/// The *.crt files of certificates/.
std::vector<CertificateFile> load_certificates(const World& world);
