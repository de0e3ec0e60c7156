// Writes the input of the external validators (test/peers/sarif.sh, test/peers/page.sh): SAMPLES=DIRECTORY test_report
// '[samples]'
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "report/page.h"
#include "report/samples.h"
#include "report/sarif.h"
#include "report/summary.h"

TEST_CASE("samples for the external validators are written", "[.][samples]") {
    const char* directory = std::getenv("SAMPLES");
    REQUIRE(directory != nullptr);
    std::filesystem::create_directories(directory);
    const auto save = [&](const std::string& name, const std::string& text) {
        std::ofstream file(std::filesystem::path(directory) / name, std::ios::binary);
        file << text;
        CHECK(file.good());
    };
    const std::map<std::string, Run> runs{{"vulnerable", vulnerable_run()}, {"pre-existing", pre_existing_run()},
                                          {"clean", clean_run()},           {"unknown", unknown_run()},
                                          {"hostile", hostile_run()},       {"large", large_run(6'000)}};
    for (const auto& [name, run] : runs) {
        save(name + ".html", render_page(run));
        save(name + ".md", render_summary(run));
        for (const ImageRun& image : run.images) {
            if (const std::optional<Sarif> sarif = render_sarif(image, run.program_version))
                save(name + "-" + image.name + ".sarif", sarif->text);
        }
    }
}
