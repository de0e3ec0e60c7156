// Files in memory: a map from path to text.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "system/files.h"

struct FakeFiles : Files {
    using path = std::filesystem::path;

    std::map<path, std::string> texts;
    std::set<path> directories;     ///< those created explicitly; the parents of files need not be listed
    std::set<path> fail_writes_to;  ///< writing to or below these fails as on a full disk
    std::vector<path> written;      ///< every path that was written, appended or linked to, in order

    std::string read(const path& file) override {
        if (std::optional<std::string> text = read_if_there(file)) return *text;
        throw Error{Exit::bad_input, {file.string()}, "there is no such file", ""};
    }

    std::optional<std::string> read_if_there(const path& file) override {
        const std::lock_guard lock(mutex_);
        if (has_directory(key(file)))
            throw Error{Exit::bad_input, {file.string()}, "this is a directory, not a file", ""};
        const auto found = texts.find(key(file));
        return found == texts.end() ? std::nullopt : std::optional(found->second);
    }

    std::vector<std::string> names_in(const path& directory) override {
        const std::lock_guard lock(mutex_);
        std::set<std::string> names;
        for (const auto& [file, text] : texts) add_name_below(file, key(directory), names);
        for (const path& made : directories) add_name_below(made, key(directory), names);
        return {names.begin(), names.end()};
    }

    bool is_directory(const path& directory) override {
        const std::lock_guard lock(mutex_);
        return has_directory(key(directory));
    }

    Digest digest_of(const path& file) override {
        const std::lock_guard lock(mutex_);
        const auto found = texts.find(key(file));
        if (found == texts.end()) {
            throw Error{Exit::failed, {file.string()}, "cannot be read: No such file or directory", ""};
        }
        return sha256(found->second);
    }

    void write(const path& file, std::string_view text) override {
        const std::lock_guard lock(mutex_);
        put(file, std::string(text));
    }

    void append(const path& file, std::string_view text) override {
        const std::lock_guard lock(mutex_);
        const auto found = texts.find(key(file));
        if (found == texts.end()) throw Error{Exit::bad_input, {file.string()}, "there is no such file", ""};
        put(file, found->second + std::string(text));
    }

    void make_directory(const path& directory) override {
        const std::lock_guard lock(mutex_);
        refuse_if_full(directory);
        directories.insert(key(directory));
    }

    void link_or_copy(const path& from, const path& to) override {
        const std::lock_guard lock(mutex_);
        const auto found = texts.find(key(from));
        if (found == texts.end()) throw Error{Exit::failed, {from.string()}, "there is no such file", ""};
        put(to, found->second);
    }

    Digest unpack(const path& from, const path& to) override {
        digest_of(from);  // throws as it does where there is no such file
        const std::string packed = read(from);
        const std::string text = packed.starts_with("\x1f\x8b") ? gunzip(packed, from.string(), max_unpacked) : packed;
        if (begins_packed(text)) throw Error{Exit::failed, {from.string()}, packed_twice, ""};
        write(to, text);
        return sha256(text);
    }

    void rename(const path& from, const path& to) override {
        const std::lock_guard lock(mutex_);
        refuse_if_full(to);
        const path source = key(from);
        if (!texts.contains(source) && !has_directory(source)) {
            throw Error{Exit::failed, {from.string()}, "there is no such file or directory", ""};
        }
        std::map<path, std::string> moved_texts;
        for (const auto& [file, text] : texts) moved_texts[moved(file, source, key(to))] = text;
        std::set<path> moved_directories;
        for (const path& directory : directories) moved_directories.insert(moved(directory, source, key(to)));
        texts = moved_texts;
        directories = moved_directories;
    }

    void remove(const path& file) override {
        const std::lock_guard lock(mutex_);
        std::erase_if(texts, [&](const auto& entry) { return is_at_or_below(entry.first, key(file)); });
        std::erase_if(directories, [&](const path& directory) { return is_at_or_below(directory, key(file)); });
    }

    void give_to_owner_of_directory(const path&) override {}

    path make_temporary_directory() override {
        const std::lock_guard lock(mutex_);
        const path directory = "/tmp/fake-" + std::to_string(++temporary_directories_);
        directories.insert(directory);
        return directory;
    }

  private:
    static constexpr std::size_t max_unpacked = std::size_t{1} << 30U;

    static path key(const path& file) {
        const path normal = file.lexically_normal();
        return normal.has_filename() ? normal : normal.parent_path();
    }

    static bool is_at_or_below(const path& file, const path& directory) {
        return std::mismatch(directory.begin(), directory.end(), file.begin(), file.end()).first == directory.end();
    }

    static path moved(const path& file, const path& from, const path& to) {
        if (file == from) return to;
        return is_at_or_below(file, from) ? to / file.lexically_relative(from) : file;
    }

    static void add_name_below(const path& file, const path& directory, std::set<std::string>& names) {
        if (directory == "." && file.is_relative()) names.insert(file.begin()->string());
        if (file == directory || !is_at_or_below(file, directory)) return;
        names.insert(file.lexically_relative(directory).begin()->string());
    }

    bool has_directory(const path& directory) const {
        const auto below = [&](const path& file) { return file != directory && is_at_or_below(file, directory); };
        return directories.contains(directory) || std::any_of(directories.begin(), directories.end(), below) ||
               std::any_of(texts.begin(), texts.end(), [&](const auto& entry) { return below(entry.first); });
    }

    void refuse_if_full(const path& file) const {
        for (const path& full : fail_writes_to) {
            if (!is_at_or_below(key(file), key(full))) continue;
            throw Error{
                Exit::failed, {file.string()}, "cannot be written: no space left on device", "free space there"};
        }
    }

    void put(const path& file, std::string text) {
        refuse_if_full(file);
        texts[key(file)] = std::move(text);
        written.push_back(key(file));
    }

    std::mutex mutex_;
    int temporary_directories_ = 0;
};
