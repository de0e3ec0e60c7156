// The parsers of contract/: tars, configurations, probe results, contract files, certificates, reports.
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "approve.h"
#include "contract/contract.h"
#include "contract/facts.h"
#include "contract/good_image.h"
#include "contract/sample_report.h"
#include "contract/tar.h"
#include "expect.h"

namespace {

std::string with_checksum(std::string block) {
    block.replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    std::ostringstream digits;
    digits << std::oct << sum;
    block.replace(148, 8, std::string(6 - digits.str().size(), '0') + digits.str() + std::string("\0 ", 2));
    return block;
}

/// A tar header block with these fields.
std::string header(const std::string& path, char type, std::uint64_t size, const std::string& link = "",
                   const std::string& mode = "0000644") {
    std::string block = render_tar_header(path, size);
    block.replace(100, 7, mode);
    block[156] = type;
    block.replace(157, link.size(), link);
    return with_checksum(block);
}

std::string file(const std::string& path, const std::string& text, char type = '0',
                 const std::string& mode = "0000644") {
    return header(path, type, text.size(), "", mode) + text + render_tar_padding(text.size());
}

FileTree read(const std::string& tar) {
    std::istringstream stream(tar + render_tar_end());
    return read_file_tree(stream, "the export");
}

std::string refusal(const std::string& tar) {
    std::istringstream stream(tar);
    return thrown_by([&] { read_file_tree(stream, "the export"); });
}

}  // namespace

TEST_CASE("a tar is parsed with its modes, links and sizes") {
    const FileTree tree = read(header("./etc/", '5', 0, "", "0000755") + file("etc/passwd", "root:x:0:0\n") +
                               header("usr", '2', 0, "/etc") + header("etc/group", '1', 0, "etc/passwd") +
                               file("bin/su",
                                    "\x7F"
                                    "ELF and more",
                                    '0', "0004755"));
    CHECK(tree.files.size() == 6);
    CHECK(tree.files.at("/bin").type == FileType::directory);  // the tar does not list it
    CHECK(tree.files.at("/etc").type == FileType::directory);
    CHECK(tree.files.at("/etc/passwd").text == "root:x:0:0\n");
    CHECK(tree.files.at("/etc/passwd").further_name);  // of what /etc/group is too
    CHECK(tree.text_of("/usr/passwd") == "root:x:0:0\n");
    CHECK(tree.files.at("/bin/su").mode == 04755);
    CHECK(tree.files.at("/bin/su").elf);
    CHECK(tree.files.at("/bin/su").md5 == "4fea653ef21d841aacda332fcf69bfa4");
    // The format of RECORD: python3 -c 'import base64, hashlib;
    // print(base64.urlsafe_b64encode(hashlib.sha256(…).digest()))'
    CHECK(tree.files.at("/bin/su").sha256 == "NOZJeGT8Dl7GT0qB21faQ9vnDy9bCLn5BKGtHTJV0JE");
    CHECK(tree.size() == 11 + 13);
}

namespace {

FileTree stack(const std::vector<std::string>& tars) {
    std::vector<LayerFiles> layers;
    for (const std::string& tar : tars) {
        std::istringstream stream(tar + render_tar_end());
        layers.push_back(read_layer(stream, "a layer"));
    }
    std::vector<const LayerFiles*> order;
    for (const LayerFiles& layer : layers) order.push_back(&layer);
    return stack_layers(order);
}

std::string paths_of(const FileTree& tree) {
    std::string paths;
    for (const auto& [path, fact] : tree.files) paths += path + " ";
    return paths;
}

}  // namespace

TEST_CASE("a higher layer replaces files, also files by directories and vice versa") {
    const FileTree tree = stack({file("etc/passwd", "old\n") + file("a", "1") + file("b/c", "2") + file("b/d", "3"),
                                 file("etc/passwd", "new\n") + header("a", '5', 0, "", "0000700") + file("b", "4")});
    CHECK(paths_of(tree) == "/a /b /etc /etc/passwd ");
    CHECK(tree.text_of("/etc/passwd") == "new\n");
    CHECK(tree.files.at("/a").mode == 0700);
    CHECK(tree.size() == 5);
}

TEST_CASE("a directory in two layers keeps its content and has the mode of the higher one") {
    const FileTree tree =
        stack({file("tmp/a", "1"), header("./", '5', 0) + header("tmp", '5', 0, "", "0001777") + file("tmp/b", "2")});
    CHECK(paths_of(tree) == "/ /tmp /tmp/a /tmp/b ");
    CHECK(tree.files.at("/tmp").mode == 01777);
}

TEST_CASE("a whiteout hides only lower layers") {
    const std::string below = file("a/x", "1") + file("a/y/z", "2") + file("ab", "3") + file("b/x", "4");
    CHECK(paths_of(stack({below, file("a/.wh.y", "") + file(".wh.b", "")})) == "/a /a/x /ab ");
    CHECK(paths_of(stack({below, file("a/new", "5") + file("a/.wh..wh..opq", "")})) == "/a /a/new /ab /b /b/x ");
    CHECK(paths_of(stack({below, file("b/new", "5") + file(".wh.b", "")})) == "/a /a/x /a/y /a/y/z /ab /b /b/new ");
    CHECK(paths_of(stack({below, file(".wh.absent", "")})) == paths_of(stack({below})));
}

TEST_CASE("a file below a symbolic link of a lower layer goes to the target of the link") {
    const FileTree tree = stack({file("usr/lib/a", "1") + header("lib", '2', 0, "usr/lib"), file("lib/b", "2")});
    CHECK(paths_of(tree) == "/lib /usr /usr/lib /usr/lib/a /usr/lib/b ");
}

TEST_CASE("content counts as long as it has a name") {
    const std::string below = file("z", "12345") + header("a", '1', 0, "z");
    CHECK(stack({below}).size() == 5);
    CHECK(stack({below}).files.at("/z").further_name);
    CHECK(stack({below, file(".wh.z", "")}).size() == 5);
    CHECK(stack({below, header("b", '1', 0, "a") + file("z", "6")}).size() == 6);
}

TEST_CASE("long names are read from pax and GNU headers") {
    const std::string name = std::string(150, 'a') + "/" + std::string(150, 'b');
    const std::string record = " path=" + name + "\n";
    const std::string pax = std::to_string(record.size() + 3) + record;
    CHECK(read(file("PaxHeaders/x", pax, 'x') + file("short", "1")).files.contains("/" + name));
    CHECK(read(file("././@LongLink", name + std::string(1, '\0'), 'L') + file("short", "1") + file("next", "2"))
              .files.contains("/" + name));
    CHECK(read(file("././@LongLink", name + std::string(1, '\0'), 'L') + file("short", "1") + file("next", "2"))
              .files.contains("/next"));
    CHECK(read(file("././@LongLink", "/target", 'K') + header("link", '2', 0, "short")).files.at("/link").link ==
          "/target");
}

TEST_CASE("a size in base 256 is read") {
    std::string block = header("big", '5', 0);
    block.replace(108, 8, std::string("\x80\0\0\0\0\x0F\x42\x40", 8));  // uid 1000000 in base 256
    CHECK(read(with_checksum(block)).files.at("/big").uid == 1'000'000);
}

TEST_CASE("an invalid tar is rejected") {
    const std::string hint = "\n  hint: run it again, or see the engine's log\n";
    const std::string start = "the export is not a readable tar: ";
    CHECK(refusal("") == start + "it ends too early" + hint);
    CHECK(refusal(std::string(600, 'x')) == start + "a header's checksum is wrong" + hint);
    CHECK(refusal(header("a", '0', 1000)) == start + "it ends too early" + hint);
    CHECK(refusal(file("a", "12 path=", 'x')) == start + "an extended header is broken" + hint);
    CHECK(refusal(file("a", "99999999999999999999 path=x\n", 'x')) == start + "an extended header is broken" + hint);
    CHECK(refusal(header("a", 'x', 2'000'000)) == start + "an extended header is too large" + hint);
    CHECK(refusal(header("a", 'S', 0)) == start + "it holds a sparse file" + hint);
    CHECK(refusal(file("a", "11 size=x1\n", 'x')) == start + "a size is not a number" + hint);
}

TEST_CASE("links are followed as in the kernel") {
    const FileTree tree =
        read(header("a", '5', 0) + header("a/b", '5', 0) + file("a/b/c", "!") + header("up", '2', 0, "a/b/../b/./c") +
             header("top", '2', 0, "../../a") + header("ring1", '2', 0, "ring2") + header("ring2", '2', 0, "ring1"));
    CHECK(tree.resolve("/up") == "/a/b/c");
    CHECK(tree.resolve("/top/b/c") == "/a/b/c");
    CHECK(tree.resolve("/a/../a/b") == "/a/b");
    CHECK(tree.resolve("/ring1") == std::nullopt);
    CHECK(tree.resolve("/nowhere") == std::nullopt);
    CHECK(tree.resolve("/") == "/");
    CHECK_FALSE(tree.has_file("/a"));
}

TEST_CASE("the build of the C library is found in its file") {
    const std::string elf =
        "\x7F"
        "ELF";
    const FileTree tree =
        read(file("lib/libc.so.6", elf + "GLIBC 2.4\nGNU C Library (Debian GLIBC 2.36-9+deb12u13) stable release") +
             file("lib/ld-linux-aarch64.so.1", elf + "ld.so (Debian GLIBC 2.36-9+deb12u10) stable release") +
             file("lib/libm.so.6", elf + "(GLIBC 2.36)"));
    CHECK(tree.files.at("/lib/libc.so.6").libc_build == "2.36-9+deb12u13");
    CHECK(tree.files.at("/lib/ld-linux-aarch64.so.1").libc_build == "2.36-9+deb12u10");
    CHECK(tree.files.at("/lib/libm.so.6").libc_build.empty());
}

TEST_CASE("a configuration is read from a layout and from the engine") {
    const std::string inside =
        R"({"User":"1000","WorkingDir":"/app","Entrypoint":["python"],"Cmd":["-V"],"Env":["A=1","B=x=y","C"],
        "Labels":{"k":"v"},"Volumes":{"/d":{}},"OnBuild":null,"ExposedPorts":{},"Healthcheck":{"Test":["NONE"]}})";
    const ImageConfig layout =
        parse_image_config(R"({"architecture":"arm64","rootfs":{"diff_ids":["a","b"]},"config":)" + inside + "}", "x");
    const ImageConfig engine =
        parse_image_config(R"({"Architecture":"arm64","RootFS":{"Layers":["a","b"]},"Config":)" + inside + "}", "x");
    for (const ImageConfig& config : {layout, engine}) {
        CHECK(config.user == "1000");
        CHECK(config.working_directory == "/app");
        CHECK(config.entrypoint == std::vector<std::string>{"python"});
        CHECK(config.environment == std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}});
        CHECK(config.labels == std::map<std::string, std::string>{{"k", "v"}});
        CHECK(config.inherited == std::vector<std::string>{"VOLUME", "HEALTHCHECK"});
        CHECK(config.architecture == "arm64");
        CHECK(config.layers == 2);
    }
}

TEST_CASE("probe results are lines of JSON among other output of an image") {
    const auto answers = parse_answers(
        "hello\n{\"probe\": \"a\", \"values\": [\"1\", \"2\"]}\n[]\n{\"probe\": \"b\", \"error\": \"no\"}\n{\"probe\": "
        "5}\n{\"half\": ");
    REQUIRE(answers.size() == 2);
    CHECK(answers.at("a").values == std::vector<std::string>{"1", "2"});
    CHECK(answers.at("b").error == "no");
}

TEST_CASE("a contract file has checks that are off, limits and known failures") {
    const Contract contract = parse_contract(
        "off: [size, layers]\n"
        "limits: {production_mb: {amd64: 75}, stop_seconds: 2}\n"
        "known:\n"
        "  - row: ca-strict\n"
        "    images: ['3.13.*']\n"
        "    reason: the root is not strict\n"
        "    owner: network team\n"
        "    review_by: 2027-01-31\n",
        "contract.yml");
    CHECK(contract.off == std::vector<std::string>{"size", "layers"});
    CHECK(contract.limits.production_mb == std::map<std::string, double>{{"amd64", 75}, {"arm64", 80}});
    CHECK(contract.limits.stop_seconds == 2);
    CHECK(contract.limits.layers == 16);
    REQUIRE(contract.known.size() == 1);
    CHECK(contract.known[0].at == Place{"contract.yml", 4});
    CHECK(contract.known[0].owner == "network team");
    CHECK(contract.known[0].review_by == *parse_date("2027-01-31"));
}

TEST_CASE("every error in a contract file is reported with its line") {
    const std::string text =
        "off: [sise]\n"
        "limits: {layers: many, speed: 3}\n"
        "known:\n"
        "  - row: size\n"
        "    reason: it grew\n"
        "    review_by: 2027-02-30\n"
        "    until: never\n"
        "  - nothing\n"
        "rows: {}\n"
        "off: []\n";
    approve(thrown_by([&] { parse_contract(text, "contract.yml"); }, Exit::bad_input), "contract/errors.golden");
}

TEST_CASE("what is not YAML is reported with its line") {
    CHECK(thrown_by([] { parse_contract("off: [size\nlimits: {\n", "c.yml"); }, Exit::bad_input)
              .starts_with("c.yml:2: is not YAML: "));
    CHECK(thrown_by([] { parse_contract("- a\n", "c.yml"); }, Exit::bad_input) ==
          "c.yml:1: the contract is not a map\n  hint: write it as KEY: VALUE lines; known are: off, limits, known\n");
}

TEST_CASE("known failures that are expired, fixed or unmatched are reported") {
    const Date today = *parse_date("2026-11-23");
    Contract contract = parse_contract(
        "known:\n"
        "  - {row: size, reason: r, owner: o, review_by: 2026-11-22}\n"
        "  - {row: layers, reason: r, owner: o, review_by: 2026-11-23}\n"
        "  - {row: uv, images: [other*], reason: r, owner: o, review_by: 2026-11-23}\n"
        "  - {row: stop, reason: r, owner: o, review_by: 2026-11-23}\n",
        "c.yml");
    ImageFacts facts = make_good_production();
    facts.stop.exit_code = 137;
    const std::vector<ContractReport> reports = {judge_contract("x", "", facts, contract, {}, today)};
    CHECK(render_problems(check_known_failures(contract, reports, today)) ==
          "c.yml:2: warning: the known failure of \"size\" ended on 2026-11-22\n  hint: fix it, or give it a new date "
          "and a reason\n"
          "c.yml:3: warning: the known failure of \"layers\" is fixed\n  hint: take it out\n"
          "c.yml:4: warning: the known failure of \"uv\" is about no image that was tested\n  hint: correct its "
          "images, or take it out\n");
}

TEST_CASE("a certificate that follows RFC 5280 passes strict verification") {
    const auto certificates =
        parse_certificates({{"a.crt", "some words\n" + fixture("good-root.crt") + fixture("other-root.crt")}});
    REQUIRE(certificates.size() == 2);
    CHECK(certificates[0].at == Place{"a.crt", 2});
    CHECK(certificates[0].subject == "CN=Good Root,O=Test only");
    CHECK(certificates[0].sha256 == good_fingerprint());
    CHECK(certificates[0].not_after == *parse_date("2119-01-01"));
    CHECK(certificates[0].refused_because.empty());
    CHECK(certificates[1].at.line > 10);
}

TEST_CASE("certificates that fail strict verification are reported with the reason") {
    const auto reasons = [](const std::string& name) {
        return parse_certificates({{name, fixture(name)}}).at(0).refused_because;
    };
    CHECK(reasons("lax-root.crt") == std::vector<std::string>{"basic constraints of ca cert not marked critical",
                                                              "ca cert does not include key usage extension"});
    CHECK(reasons("no-signer.crt") == std::vector<std::string>{"its key usage does not allow it to sign certificates"});
    CHECK_FALSE(reasons("no-authority.crt").empty());
}

TEST_CASE("checking certificates reports unreadable, rejected, expired and duplicate ones") {
    const Date today = *parse_date("2026-11-23");
    const std::vector<CertificateFile> files = {
        {"certificates/1.crt", fixture("good-root.crt")},
        {"certificates/2.crt", fixture("lax-root.crt") + fixture("good-root.crt")},
        {"certificates/3.crt", fixture("ending-root.crt")},
        {"certificates/4.crt", "0\x82"},
        {"certificates/5.crt",
         "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n"},
        {"certificates/6.crt", fixture("other-root.crt") + "-----BEGIN EC PRIVATE KEY-----\n"},
    };
    approve(render_problems(check_certificates(files, today)), "contract/certificates.golden");
    CHECK(thrown_by([&] { parse_certificates(files); }, Exit::bad_input).find("there is no certificate in this file") !=
          std::string::npos);
    CHECK(check_certificates({{"ok.crt", fixture("good-root.crt")}}, today).empty());
    CHECK(check_certificates({{"e.crt", fixture("ending-root.crt")}}, *parse_date("2026-10-12")).empty());
    CHECK(check_certificates({{"e.crt", fixture("ending-root.crt")}}, *parse_date("2027-01-11")).at(0).what ==
          "\"CN=Ending Root,O=Test only\" ended on 2027-01-10");
}

TEST_CASE("unreadable certificates have no fingerprint") {
    CHECK(list_fingerprints("").empty());
    CHECK(list_fingerprints("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" +
                            fixture("good-root.crt")) == std::set<std::string>{good_fingerprint()});
}

TEST_CASE("a report can be written and read back") {
    const ContractReport report = sample_report();
    const std::string text = render_contract_json(report);
    CHECK(render_contract_json(parse_contract_json(text, "x")) == text);
    CHECK_FALSE(report.passed());
    approve(text, "contract/report.json.golden");
}

TEST_CASE("a report passed if it has rows and none failed") {
    CHECK_FALSE(ContractReport{.name = "x", .manifest = "", .rows = {}}.passed());
    CHECK(ContractReport{.name = "x", .manifest = "", .rows = {{"a", "", "", "", RowResult::known, ""}}}.passed());
}

TEST_CASE("an invalid report is rejected") {
    CHECK(thrown_by([] { parse_contract_json("{}", "out/tests/x.json"); }) ==
          "out/tests/x.json is not a contract report: it has no name or no rows\n  hint: run `test` again\n");
    CHECK(thrown_by([] { parse_contract_json(R"({"name":"x","rows":[{"id":"a","result":"fine"}]})", "r"); }) ==
          "r is not a contract report: a row has no id or no result\n  hint: run `test` again\n");
}
