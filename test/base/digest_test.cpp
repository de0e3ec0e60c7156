#include "base/digest.h"

#include <catch2/catch_test_macros.hpp>

namespace {

// FIPS 180-2, appendix B.1, and the digest of the empty string.
const std::string abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string nothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

}  // namespace

TEST_CASE("SHA-256 gives the published results, in one chunk or many") {
    CHECK(sha256("abc").text() == abc);
    CHECK(sha256("").text() == nothing);
    Hash sum("SHA256");
    for (const char* piece : {"a", "", "bc"}) sum.add(piece);
    CHECK(sum.finish_sha256().text() == abc);
    CHECK(sha256(std::string(1'000'000, 'a')).hex() ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a digest is sha256 and 64 lower-case hexadecimal digits") {
    const std::optional<Digest> digest = Digest::parse(abc);
    REQUIRE(digest);
    CHECK(digest->hex() == abc.substr(7));
    CHECK(digest->brief() == "sha256:ba7816bf8f01");
    CHECK(digest == sha256("abc"));
    CHECK(digest != sha256("abd"));
    for (const std::string& none :
         {abc + "0", abc.substr(0, 70), "sha512:" + abc.substr(7), "SHA256:" + abc.substr(7), abc.substr(7),
          "sha256:BA" + abc.substr(9), "sha256:g" + abc.substr(8), " " + abc, abc + "\n", std::string()}) {
        CAPTURE(none);
        CHECK_FALSE(Digest::parse(none));
    }
}
