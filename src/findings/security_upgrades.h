// image/security-upgrades.txt: Debian packages that the images renew over their base, until the base is rebuilt.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "findings/inventory.h"

using SecurityUpgrades = std::map<std::string, Place>;  ///< by the package's name: the line that asks for it

/// One name per line; # begins a comment. Throws Error{bad_input} with every line that does not name a Debian package
/// (Debian Policy, 5.6.1) or repeats an earlier one.
SecurityUpgrades parse_security_upgrades(std::string_view text, const std::string& file);

/// Warnings: packages that the distroless base itself carries ("cc-debian12"), which has no package manager to renew
/// them. An unknown distroless version carries nothing.
Problems check_upgradable(const SecurityUpgrades& upgrades, const std::string& distroless_version);

/// A package of Debian that an image has, and the layer that this version of it is from.
struct SystemPackage {
    std::string name;
    std::string version;
    std::string diff_id;
};

/// What a Trivy report lists (--list-all-pkgs). Throws Error{failed} if it is not JSON.
std::vector<SystemPackage> parse_system_packages(std::string_view trivy_report, const std::string& source);

/// One development image: it has a package manager, so every upgrade is tried there.
struct UpgradedImage {
    ImageLayers layers;
    std::vector<SystemPackage> packages;
};

/// Warnings: upgrades that changed no image, because the base has caught up or because there is no such package. What
/// one image still needs is needed. Images whose base's layers are not known say nothing.
Problems check_upgrades_needed(const SecurityUpgrades& upgrades, const std::vector<UpgradedImage>& images);
