// What the tests of the store share: a small set of tables, pages in one line.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "store/store.hpp"
#include "temporary_folder.hpp"

namespace taskmirror::store {

inline constexpr std::array<std::string_view, 2> kProjectColumns = {"name", "notes"};
inline constexpr std::array<std::string_view, 2> kFollowerColumns = {"project_gid", "user_gid"};
inline constexpr std::array<std::string_view, 2> kUserColumns = {"name", "email"};
enum : std::uint16_t { kProjects, kFollowers, kUsers };
inline constexpr std::array<Table, 3> kTables = {{{"asana_projects", kProjectColumns},
                                                  {"asana_project_followers", kFollowerColumns, false, "user_gid"},
                                                  {"asana_users", kUserColumns}}};

// Pages of projects, each with followers, who are mentioned with the name "user <gid>".
class Projects {
  public:
    Projects& add(std::string_view gid, std::int64_t hash, std::string_view name,
                  std::initializer_list<std::string_view> followers = {}) {
        Entity entity{.table = kProjects, .gid = page_.keep(gid), .hash = hash};
        entity.first = size(page_.values);
        page_.values.push_back(Value::of(page_.keep(name)));
        page_.values.push_back(Value());
        entity.first_child = size(page_.children);
        entity.children = 1;
        page_.children.push_back({kFollowers, size(page_.values), static_cast<std::uint32_t>(followers.size())});
        entity.first_mention = size(page_.mentions);
        entity.mentions = static_cast<std::uint32_t>(followers.size());
        for (const auto follower : followers) {
            const Value user = Value::of(page_.keep(follower));
            page_.values.push_back(Value::of(entity.gid));
            page_.values.push_back(user);
            page_.mentions.push_back({kUsers, user.as_text(), Value::of(page_.keep(fmt::format("user {}", follower)))});
        }
        page_.entities.push_back(entity);
        return *this;
    }
    // One more mention of the last project.
    Projects& mention(std::string_view gid, std::string_view name) {
        page_.mentions.push_back({kUsers, page_.keep(gid), name.empty() ? Value() : Value::of(page_.keep(name))});
        ++page_.entities.back().mentions;
        return *this;
    }
    // A listed person.
    Projects& user(std::string_view gid, std::int64_t hash, std::string_view name) {
        page_.entities.push_back({.table = kUsers, .gid = page_.keep(gid), .hash = hash, .first = size(page_.values)});
        page_.values.push_back(Value::of(page_.keep(name)));
        page_.values.push_back(Value());
        return *this;
    }
    const Page& page() const { return page_; }

  private:
    template <typename Items>
    static std::uint32_t size(const Items& items) {
        return static_cast<std::uint32_t>(items.size());
    }
    Page page_;
};

inline Instant at(std::int64_t seconds) { return Instant(std::chrono::seconds(1'780'000'000 + seconds)); }

// Writes the page in a group of its own.
inline Written put(Store& store, const Projects& projects, const Sent& sent = {1, 1}, Instant when = at(0)) {
    store.begin();
    const auto written = store.write(projects.page(), sent, when);
    store.commit();
    return written;
}

// The rows of a query, seen by another connection: columns joined by '|', rows by a blank.
inline std::string rows(const std::filesystem::path& file, const std::string& sql) {
    SQLite::Database database(file);
    SQLite::Statement query(database, sql);
    std::string text;
    while (query.executeStep()) {
        if (!text.empty()) text += ' ';
        for (int i = 0; i < query.getColumnCount(); ++i) {
            if (i > 0) text += '|';
            text += query.getColumn(i).isNull() ? "NULL" : query.getColumn(i).getString();
        }
    }
    return text;
}

inline std::string bytes(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// The exit code of the Fatal that body throws; 0 if it throws none. Its message goes to `message`.
template <typename Body>
int exit_code(Body&& body, std::string* message = nullptr) {
    try {
        body();
    } catch (const Fatal& fatal) {
        if (message) *message = fatal.what();
        return static_cast<int>(fatal.code());
    }
    return 0;
}

}  // namespace taskmirror::store
