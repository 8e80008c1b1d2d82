#include "store/sqlite_open.hpp"

#include "core/error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace taskmirror::store {
namespace {

// New files are readable for the owner and its group: reports run as other users.
class Umask {
  public:
    explicit Umask(mode_t mask) : before_(::umask(mask)) {}
    ~Umask() { ::umask(before_); }
    Umask(const Umask&) = delete;
    Umask& operator=(const Umask&) = delete;

  private:
    mode_t before_;
};

// https://www.sqlite.org/uri.html
std::string uri(const std::filesystem::path& file) {
    std::string text = "file:";
    for (const char c : file.string()) {
        if (c == '%' || c == '?' || c == '#') {
            text += fmt::format("%{:02x}", static_cast<unsigned>(c));
        } else {
            text += c;
        }
    }
    return text + "?immutable=1";
}

// The reasons for these settings: https://www.sqlite.org/security.html, https://www.sqlite.org/pragma.html.
void configure(SQLite::Database& database) {
    sqlite3* const handle = database.getHandle();
    database.exec("PRAGMA busy_timeout = 5000");
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    database.exec("PRAGMA trusted_schema = OFF");
    database.exec("PRAGMA cell_size_check = ON");
    database.exec("PRAGMA foreign_keys = OFF");  // a token may see a task and not its assignee
    database.exec("PRAGMA secure_delete = OFF");
    database.exec("PRAGMA page_size = 16384");  // of a new file
    if (database.execAndGet("PRAGMA journal_mode = WAL").getString() != "wal") {
        throw Fatal(ExitCode::disk,
                    fmt::format("cannot use {}: its file system does not allow a write-ahead log; put the "
                                "database on a local disk",
                                database.getFilename()));
    }
    database.exec("PRAGMA synchronous = FULL");
    database.exec(fmt::format("PRAGMA cache_size = -{}", kCache));  // once the page size is known: counted in pages
    database.exec("PRAGMA journal_size_limit = 67108864");
    // Readers without write permission can open the file while no writer runs, because its log stays beside it.
    int keep = 1;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
}

}  // namespace

std::filesystem::path resolve(const std::filesystem::path& file) {
    const auto absolute = std::filesystem::absolute(file);
    std::error_code error;
    const auto directory = std::filesystem::canonical(absolute.parent_path(), error);
    if (error || !std::filesystem::is_directory(directory, error)) {
        throw Fatal(ExitCode::disk, fmt::format("cannot open database {}: there is no directory {}; create it, or name "
                                                "another file",
                                                absolute.string(), absolute.parent_path().string()));
    }
    auto resolved = directory / absolute.filename();
    if (std::filesystem::is_directory(resolved, error)) {
        throw Fatal(ExitCode::disk,
                    fmt::format("cannot open database {}: it is a directory; name a file in it", resolved.string()));
    }
    if (std::filesystem::is_symlink(resolved, error)) {
        throw Fatal(ExitCode::disk, fmt::format("cannot open database {}: it is a symbolic link; name the file that it "
                                                "leads to, so that each database has one lock",
                                                resolved.string()));
    }
    return resolved;
}

void refuse_what_is_not_ours(const std::filesystem::path& file, int newest) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error || size == 0) return;  // opening says what is wrong, if anything is

    // Content that is still in the write-ahead log is not seen by an immutable connection.
    const auto log = std::filesystem::file_size(file.string() + "-wal", error);
    const bool has_log = !error && log > 0;
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    SQLite::Database database(has_log ? file.string() : uri(file), has_log ? flags : flags | SQLITE_OPEN_URI);
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);

    const int id = database.execAndGet("PRAGMA application_id").getInt();
    const int version = database.execAndGet("PRAGMA user_version").getInt();
    const int tables = database.execAndGet("SELECT count(*) FROM sqlite_master").getInt();
    if (id != kApplicationId && (tables > 0 || version != 0)) {
        throw Fatal(
            ExitCode::corrupt,
            fmt::format("cannot use {}: it is a database of another program; name another file", file.string()));
    }
    if (id == kApplicationId && version > newest) {
        throw Fatal(
            ExitCode::configuration,
            fmt::format("cannot use {}: its schema is version {}, this program knows {}; install a newer taskmirror",
                        file.string(), version, newest));
    }
}

std::unique_ptr<SQLite::Database> open_database(const std::filesystem::path& file, std::span<const Step> steps) {
    return guarded("open database", file, [&] {
        refuse_what_is_not_ours(file, steps.back().version);
        const Umask umask(0027);
        const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
        auto database = std::make_unique<SQLite::Database>(file, flags);
        if (sqlite3_db_readonly(database->getHandle(), "main") == 1) {
            throw fatal(SQLITE_READONLY, "it is read-only", "open database", file.string());
        }
        configure(*database);
        migrate(*database, steps);
        return database;
    });
}

std::filesystem::path to_be_read(const std::filesystem::path& file) {
    std::error_code error;
    return std::filesystem::exists(file, error) ? resolve(file) : std::filesystem::absolute(file);
}

std::unique_ptr<SQLite::Database> open_to_read(const std::filesystem::path& file, int newest) {
    const auto none = [&](std::string_view why) {
        return Fatal(ExitCode::no_database, fmt::format("cannot read {}: {}; taskmirror sync makes it, --database or "
                                                        "the configuration names another one",
                                                        file.string(), why));
    };
    return guarded("read", file, [&] {
        if (!std::filesystem::exists(file)) throw none("there is no such file");
        if (::access(file.c_str(), R_OK) != 0) {
            throw Fatal(ExitCode::disk, fmt::format("cannot read {}: {}; read it as its owner or as a member of its "
                                                    "group",
                                                    file.string(), std::strerror(errno)));
        }
        refuse_what_is_not_ours(file, newest);
        const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
        auto database = std::make_unique<SQLite::Database>(file.string(), flags);
        const auto id = [&] { return database->execAndGet("PRAGMA application_id").getInt(); };
        database->setBusyTimeout(5000);
        int found = 0;
        try {
            found = id();
        } catch (const SQLite::Exception&) {
            // A copy without the files of its log, in a directory where none can be made.
            std::error_code error;
            const auto log = std::filesystem::file_size(file.string() + "-wal", error);
            if (!error && log > 0) throw;
            database = std::make_unique<SQLite::Database>(uri(file), flags | SQLITE_OPEN_URI);
            found = id();
        }
        if (found != kApplicationId) throw none("it is empty");
        sqlite3_db_config(database->getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        database->exec("PRAGMA trusted_schema = OFF");
        database->exec("PRAGMA cell_size_check = ON");
        return database;
    });
}

}  // namespace taskmirror::store
