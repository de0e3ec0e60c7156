#include "pipeline/contract_cache.h"

#include <fmt/format.h>

#include <ostream>

#include "base/date.h"
#include "base/error.h"
#include "base/text.h"

namespace {

namespace fs = std::filesystem;

/// Each part with its length, so that no two lists of parts give the same text.
std::string render_parts(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += fmt::format("{}:{}\n", part.size(), part);
    return text;
}

}  // namespace

std::string make_contract_key(const ImageUnderTest& image, const TestSettings& settings, const std::string& contract,
                              const EngineInfo& engine, const Digest& program) {
    const Expectations& expected = image.expected;
    std::vector<std::string> parts = {program.text(),
                                      image.name,
                                      image.platform,
                                      image.layout->manifest.text(),
                                      image.layout->config.text(),
                                      render_target(expected.target),
                                      expected.distroless ? "distroless" : "slim",
                                      expected.python_version,
                                      expected.defra_version,
                                      expected.repository,
                                      expected.architecture,
                                      render_parts(image.expected_failures),
                                      settings.contract.file,
                                      contract,
                                      settings.contract.known.empty() ? "" : render_date(settings.today),
                                      engine.description,
                                      engine.architecture,
                                      engine.containerd_store ? "containerd" : "classic"};
    for (const CertificateFile& certificate : settings.certificates)
        parts.insert(parts.end(), {certificate.name, certificate.text});
    return fmt::format("{}/{}", program.hex().substr(0, 16), sha256(render_parts(parts)).hex());
}

std::optional<ContractReport> load_cached_report(Files& files, const fs::path& cache, const std::string& key) {
    if (cache.empty()) return std::nullopt;
    const fs::path file = cache / (key + ".json");
    try {
        const std::optional<std::string> text = files.read_if_there(file);
        if (!text) return std::nullopt;
        ContractReport report = parse_contract_json(*text, file.string());
        if (report.key != key || !report.passed()) return std::nullopt;
        report.reused = true;
        return report;
    } catch (const Error& error) {  // a damaged entry: the image is tested
        if (error.exit == Exit::cancelled) throw;
        return std::nullopt;
    }
}

void save_cached_report(const World& world, const fs::path& cache, const ContractReport& report) {
    if (cache.empty() || report.key.empty() || !report.passed()) return;
    try {
        for (const std::string& program : world.files.names_in(cache)) {
            if (!report.key.starts_with(program + "/")) world.files.remove(cache / program);
        }
        world.files.write(cache / (report.key + ".json"), render_contract_json(report));
    } catch (const Error& error) {
        if (error.exit == Exit::cancelled) throw;
        world.log << "the result of this test is not saved for later runs\n" << render_problems(error.problems);
    }
}
