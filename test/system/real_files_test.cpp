#include "system/real_files.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <latch>
#include <thread>

#include "base/encoding.h"
#include "expect.h"
#include "fakes/fake_files.h"
#include "real_world.h"
#include "system/files.h"

namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

/// A checkout and its surroundings, removed after the test.
struct Checkout : WorkTree {
    fs::path tree = path / "work tree";
    fs::path elsewhere = path / "elsewhere";
    fs::path temporary = path / "temporary";

    Checkout() {
        for (const fs::path& directory : {tree, elsewhere, temporary}) fs::create_directories(directory);
    }

    RealFiles files() const { return {tree, temporary}; }
    Names in_tree() const { return files().names_in("."); }
};

/// Mounts a disk of one megabyte at that directory.
struct SmallDisk {
    fs::path directory;
    bool is_mounted;

    explicit SmallDisk(const fs::path& at)
        : directory(at), is_mounted(mount("tmpfs", at.c_str(), "tmpfs", 0, "size=1m") == 0) {}
    ~SmallDisk() {
        if (is_mounted) umount2(directory.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
};

void put(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

struct stat status_of(const fs::path& path) {
    struct stat status {};
    REQUIRE(lstat(path.c_str(), &status) == 0);
    return status;
}

// The contract of Files, checked for both the fake and the real implementation: otherwise tests over the fake prove
// nothing.

void check_reading(Files& files) {
    CHECK(files.read_if_there("none.json") == std::nullopt);
    CHECK(files.read_if_there("no/directory/none.json") == std::nullopt);
    CHECK(thrown_by([&] { files.read("none.json"); }, Exit::bad_input) == "none.json: there is no such file\n");
    const std::string text("a\0b\r\n\xFF", 6);
    files.write("one.json", text);
    CHECK(files.read("one.json") == text);
    CHECK(files.read("./directory/../one.json") == text);
    CHECK(files.digest_of("one.json") == sha256(text));
    CHECK(thrown_by([&] { files.digest_of("none.json"); }) == "none.json: cannot be read: No such file or directory\n");
}

void check_directories(Files& files) {
    files.write("a/b/one", "1");
    files.write("a/two", "2");
    files.make_directory("a/c/d");
    files.make_directory("a/c/d");
    CHECK(files.names_in("a") == Names{"b", "c", "two"});
    CHECK(files.names_in("a/c/") == Names{"d"});
    CHECK(files.names_in(".") == Names{"a"});
    CHECK(files.names_in("none").empty());
    CHECK(files.names_in("a/two").empty());
    CHECK(files.is_directory("a/c/d"));
    CHECK(files.is_directory("a/b/"));
    CHECK_FALSE(files.is_directory("a/two"));
    CHECK_FALSE(files.is_directory("none"));
    CHECK(thrown_by([&] { files.read("a/b"); }, Exit::bad_input) == "a/b: this is a directory, not a file\n");
}

void check_appending(Files& files) {
    CHECK(thrown_by([&] { files.append("none", "text"); }, Exit::bad_input) == "none: there is no such file\n");
    files.write("log", "one\n");
    files.append("log", "two\n");
    files.append("log", "");
    CHECK(files.read("log") == "one\ntwo\n");
}

void check_moving(Files& files) {
    files.write("a/b/one", "1");
    files.link_or_copy("a/b/one", "new/directory/two");
    files.write("a/b/one", "changed");
    CHECK(files.read("new/directory/two") == "1");
    files.link_or_copy("a/b/one", "new/directory/two");
    CHECK(files.read("new/directory/two") == "changed");
    files.link_or_copy("a/b/one", "new/directory/two");
    CHECK(files.names_in("new/directory") == Names{"two"});
    CHECK(thrown_by([&] { files.link_or_copy("none", "x"); }) != "no error");
    files.rename("a", "moved/here");
    CHECK(files.read("moved/here/b/one") == "changed");
    CHECK_FALSE(files.is_directory("a"));
    CHECK(thrown_by([&] { files.rename("none", "x"); }) != "no error");
    files.remove("moved/here/b/one");
    CHECK(files.read_if_there("moved/here/b/one") == std::nullopt);
    files.remove("moved");
    files.remove("moved");
    files.remove("no/such/directory");
    CHECK(files.names_in(".") == Names{"new"});
}

void check_unpacking(Files& files) {
    const std::string text(600000, 'x');
    files.write("packed", gzip(text));
    files.write("plain", text);
    for (const char* from : {"packed", "plain"}) {
        CHECK(files.unpack(from, "new/unpacked") == sha256(text));
        CHECK(files.read("new/unpacked") == text);
    }
    files.write("cut off", gzip(text).substr(0, 500));
    CHECK(thrown_by([&] { files.unpack("cut off", "new/other"); }) != "no error");
    CHECK(thrown_by([&] { files.unpack("none", "new/other"); }) != "no error");
    files.write("twice", gzip(gzip(text)));
    CHECK(thrown_by([&] { files.unpack("twice", "new/other"); }) == "twice: this file is packed twice\n");
    CHECK(files.names_in("new") == Names{"unpacked"});
}

void check_temporary(Files& files) {
    const fs::path one = files.make_temporary_directory();
    const fs::path two = files.make_temporary_directory();
    CHECK(one != two);
    CHECK(one.is_absolute());
    CHECK(files.is_directory(one));
    CHECK(files.names_in(one).empty());
    files.write(one / "config.json", "{}");
    CHECK(files.read(one / "config.json") == "{}");
    files.remove(one);
    CHECK_FALSE(files.is_directory(one));
}

void check_contract(Files& files) {
    SECTION("reading") {
        check_reading(files);
    }
    SECTION("directories") {
        check_directories(files);
    }
    SECTION("appending") {
        check_appending(files);
    }
    SECTION("moving") {
        check_moving(files);
    }
    SECTION("unpacking") {
        check_unpacking(files);
    }
    SECTION("temporary directories") {
        check_temporary(files);
    }
}

}  // namespace

TEST_CASE("FakeFiles fulfils the contract of Files") {
    FakeFiles files;
    check_contract(files);
}

TEST_CASE("RealFiles fulfils the contract of Files") {
    const Checkout place;
    RealFiles files = place.files();
    check_contract(files);
}

TEST_CASE("a symbolic link is not read, and its target is not shown") {
    const Checkout place;
    RealFiles files = place.files();
    put(place.elsewhere / "secret", "secret content");
    fs::create_symlink("/proc/self/environ", place.tree / "matrix.json");
    fs::create_symlink("nowhere", place.tree / "dangling");
    fs::create_directory_symlink(place.elsewhere, place.tree / "out");
    const std::string hint = ": this is a symbolic link, which is not followed\n  hint: put the file itself there\n";
    CHECK(thrown_by([&] { files.read("matrix.json"); }, Exit::bad_input) == "matrix.json" + hint);
    CHECK(thrown_by([&] { files.read(place.tree / "matrix.json"); }, Exit::bad_input) ==
          (place.tree / "matrix.json").string() + hint);
    CHECK(thrown_by([&] { files.read_if_there("dangling"); }, Exit::bad_input) == "dangling" + hint);
    CHECK(thrown_by([&] { files.digest_of("matrix.json"); }) == "matrix.json" + hint);
    CHECK(thrown_by([&] { files.append("matrix.json", "x"); }, Exit::bad_input) == "matrix.json" + hint);
    CHECK(thrown_by([&] { files.read("out/secret"); }) ==
          "out/secret: cannot be read: Too many levels of symbolic links\n"
          "  hint: a symbolic link is not followed there: name the place itself\n");
}

TEST_CASE("nothing is written, created or removed through a symbolic link in the work tree") {
    const Checkout place;
    RealFiles files = place.files();
    put(place.elsewhere / "file", "text");
    fs::create_directory_symlink(place.elsewhere, place.tree / "out");
    const std::string reason =
        ": Too many levels of symbolic links\n  hint: a symbolic link is not followed there: name the place itself\n";
    CHECK(thrown_by([&] { files.write("out/verdict.json", "{}"); }) == "out/verdict.json: cannot be written" + reason);
    CHECK(thrown_by([&] { files.make_directory("out/images"); }) == "out/images: cannot be made" + reason);
    CHECK(thrown_by([&] { files.remove("out/file"); }) == "out/file: cannot be removed" + reason);
    CHECK(thrown_by([&] { files.write(place.tree / "out" / "x", "{}"); }) ==
          (place.tree / "out" / "x").string() + ": cannot be written" + reason);
    CHECK_FALSE(files.is_directory("out"));
    CHECK(files.names_in(place.elsewhere) == Names{"file"});
    files.remove("out");
    CHECK(files.names_in(place.elsewhere) == Names{"file"});
}

TEST_CASE("a symbolic link in place of the file is replaced, not followed") {
    const Checkout place;
    put(place.elsewhere / "file", "text");
    fs::create_symlink(place.elsewhere / "file", place.tree / "report.html");
    place.files().write("report.html", "new");
    CHECK(place.files().read("report.html") == "new");
    CHECK(place.files().read(place.elsewhere / "file") == "text");
}

TEST_CASE("a pipe or device in place of a file is reported without waiting for it") {
    const Checkout place;
    RealFiles files = place.files();
    REQUIRE(mkfifo((place.tree / "pipe").c_str(), 0600) == 0);
    CHECK(thrown_by([&] { files.read("pipe"); }, Exit::bad_input) == "pipe: this is not a regular file\n");
    CHECK(thrown_by([&] { files.digest_of("pipe"); }) == "pipe: this is not a regular file\n");
    CHECK(thrown_by([&] { files.append("pipe", "x"); }) != "no error");
    CHECK(thrown_by([&] { files.read("/dev/zero"); }, Exit::bad_input) == "/dev/zero: this is not a regular file\n");
    CHECK(thrown_by([&] { files.append("/tmp", "x"); }, Exit::bad_input) == "/tmp: this is a directory, not a file\n");
}

TEST_CASE("a file is replaced atomically, keeps its mode and leaves no temporary file") {
    const Checkout place;
    RealFiles files = place.files();
    files.write("script", "one");
    fs::permissions(place.tree / "script", fs::perms(0755));
    std::ifstream reader(place.tree / "script");
    files.write("script", "two");
    std::string seen;
    CHECK((reader >> seen && seen == "one"));  // a concurrent reader reads the old file to its end
    CHECK((status_of(place.tree / "script").st_mode & 0777U) == 0755U);
    CHECK(place.in_tree() == Names{"script"});
    CHECK(thrown_by([&] { files.write("script/below", "x"); }) == "script/below: cannot be written: Not a directory\n");
    files.make_directory("directory");
    CHECK(thrown_by([&] { files.write("directory", "x"); }) == "directory: cannot be written: Is a directory\n");
    CHECK(place.in_tree() == Names{"directory", "script"});
}

TEST_CASE("a hard link takes no space; a copy is made if a link is impossible") {
    const Checkout place;
    RealFiles files = place.files();
    files.write("blob", "content");
    files.link_or_copy("blob", "view/blob");
    CHECK(status_of(place.tree / "blob").st_ino == status_of(place.tree / "view" / "blob").st_ino);
    const fs::path other_disk = fs::path("/dev/shm") / ("files-test-" + std::to_string(getpid()));
    files.link_or_copy("blob", other_disk);
    CHECK(files.read(other_disk) == "content");
    files.remove(other_disk);
}

TEST_CASE("a gzip file of several members is unpacked whole, and a damaged one is refused") {
    const Checkout place;
    RealFiles files = place.files();
    files.write("members", gzip("one, ") + gzip("two"));
    CHECK(files.unpack("members", "text") == sha256("one, two"));
    std::string damaged = gzip("a text that is long enough to be packed, packed, packed");
    damaged[damaged.size() - 6] ^= 1;  // of its checksum
    files.write("damaged", damaged);
    CHECK(thrown_by([&] { files.unpack("damaged", "none"); }) == "damaged: this gzip file is damaged or cut off\n");
    CHECK(place.in_tree() == Names{"damaged", "members", "text"});
}

TEST_CASE("a temporary directory is private") {
    const Checkout place;
    const fs::path directory = place.files().make_temporary_directory();
    CHECK(directory.parent_path() == place.temporary);
    CHECK((status_of(directory).st_mode & 0777U) == 0700U);
}

TEST_CASE("files written by root belong to the owner of the work tree") {
    if (geteuid() != 0) SKIP("only root can give files away");
    const Checkout place;
    REQUIRE(chown(place.tree.c_str(), 12345, 23456) == 0);
    RealFiles files = place.files();
    files.write("out/new/report.html", "x");
    files.make_directory("out/images");
    files.write(place.elsewhere / "file", "x");
    for (const char* path : {"out", "out/new", "out/new/report.html", "out/images"}) {
        CHECK(status_of(place.tree / path).st_uid == 12345);
        CHECK(status_of(place.tree / path).st_gid == 23456);
    }
    CHECK(status_of(place.elsewhere / "file").st_uid == 0);
}

TEST_CASE("files written concurrently to new directories belong to the owner of the work tree") {
    if (geteuid() != 0) SKIP("only root can give files away");
    const Checkout place;
    REQUIRE(chown(place.tree.c_str(), 12345, 23456) == 0);
    RealFiles files = place.files();
    for (int round = 0; round < 200; ++round) {
        std::latch ready(4);
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&, thread] {
                ready.arrive_and_wait();
                files.write("scans/" + std::to_string(round) + "/report-" + std::to_string(thread), "x");
            });
        }
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(place.tree)) {
        INFO(entry.path());
        CHECK(status_of(entry.path()).st_uid == 12345);
    }
}

TEST_CASE("files written by another program as root are given to the owner of their directory") {
    if (geteuid() != 0) SKIP("only root can give files away");
    const Checkout place;
    REQUIRE(chown(place.tree.c_str(), 12345, 23456) == 0);
    REQUIRE(chown(place.elsewhere.c_str(), 34567, 34567) == 0);
    RealFiles files = place.files();
    fs::create_directories(place.tree / "layout/blobs");
    std::ofstream(place.tree / "layout/blobs/a") << "x";
    fs::create_symlink("/etc/passwd", place.tree / "layout/link");
    files.give_to_owner_of_directory("layout");
    for (const char* path : {"layout", "layout/blobs", "layout/blobs/a", "layout/link"})
        CHECK(status_of(place.tree / path).st_uid == 12345);
    CHECK(status_of("/etc/passwd").st_uid == 0);
    files.make_directory(place.elsewhere / "cache/databases");
    files.write(place.elsewhere / "cache/scan/report.json", "{}");
    for (const char* path : {"cache", "cache/databases", "cache/scan", "cache/scan/report.json"})
        CHECK(status_of(place.elsewhere / path).st_uid == 34567);
    files.give_to_owner_of_directory("nowhere");
}

TEST_CASE("a full disk is reported with the path, and existing files stay complete") {
    const Checkout place;
    const SmallDisk disk(place.tree);
    if (!disk.is_mounted) SKIP("no small disk can be mounted here: not root?");
    RealFiles files = place.files();
    files.write("report.json", "old and whole");
    const std::string reason = ": No space left on device\n  hint: make room on that disk, or name another place\n";
    CHECK(thrown_by([&] { files.write("report.json", std::string(2'000'000, 'x')); }) ==
          "report.json: cannot be written" + reason);
    CHECK(files.read("report.json") == "old and whole");
    CHECK(place.in_tree() == Names{"report.json"});
    put(place.elsewhere / "blob", std::string(2'000'000, 'x'));
    CHECK(thrown_by([&] { files.link_or_copy(place.elsewhere / "blob", "blob"); }) ==
          "blob: cannot be written" + reason);
    CHECK(place.in_tree() == Names{"report.json"});
    CHECK(thrown_by([&] { files.append("report.json", std::string(2'000'000, 'x')); }) ==
          "report.json: cannot be written" + reason);
}

TEST_CASE("a missing work tree is reported") {
    CHECK(thrown_by([] { RealFiles("/no/such/tree", "/tmp"); }) ==
          "/no/such/tree: cannot be worked in: No such file or directory\n");
}

TEST_CASE("a private directory is removed with its content at the end of its scope, also after an error") {
    FakeFiles files;
    fs::path path;
    try {
        const PrivateDirectory directory(files);
        path = directory.path();
        files.write(path / "config.json", "{}");
        CHECK(files.is_directory(path));
        throw Error{Exit::failed};
    } catch (const Error&) {
        CHECK_FALSE(files.is_directory(path));
    }
}
