#include "core/file.hpp"
#include "store/backup.hpp"
#include "store/schema.hpp"
#include "store/sqlite_open.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace taskmirror::store {
namespace {

namespace fs = std::filesystem;

constexpr int kPagesAtOnce = 1024;  // between two questions whether to stop
constexpr std::uintmax_t kSpare = 16UL * 1024 * 1024;
constexpr std::array<std::string_view, 3> kLogs = {"-wal", "-shm", "-journal"};

[[noreturn]] void refuse(ExitCode code, const fs::path& file, std::string_view why) {
    throw Fatal(code, fmt::format("cannot write backup {}: {}", file.string(), why));
}

[[noreturn]] void failed(const fs::path& file) {
    refuse(ExitCode::disk, file, fmt::format("{}; look at the disk and its permissions", std::strerror(errno)));
}

// <name>-2026-11-26T120000Z.db: sorted by name they are sorted by time.
std::string stamped(const fs::path& database, Instant now) {
    auto time = iso(now).substr(0, 19);
    std::erase(time, ':');
    return fmt::format("{}-{}Z.db", database.stem().string(), time);
}

bool is_stamped(std::string_view file, const fs::path& database) {
    constexpr std::string_view kForm = "-0000-00-00T000000Z.db";
    const std::string name = database.stem().string();
    if (file.size() != name.size() + kForm.size() || !file.starts_with(name)) return false;
    return std::equal(kForm.begin(), kForm.end(), file.begin() + static_cast<std::ptrdiff_t>(name.size()),
                      [](char form, char c) { return form == '0' ? c >= '0' && c <= '9' : form == c; });
}

// A finished copy of ours, as its first bytes say (https://www.sqlite.org/fileformat2.html): our application, and no
// write-ahead log, which every database that taskmirror has opened to write has.
bool is_backup(const fs::path& file) {
    std::array<unsigned char, 72> header{};
    const Descriptor input(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (input.get() < 0 || ::pread(input.get(), header.data(), header.size(), 0) != ssize_t{header.size()})
        return false;
    const auto id = header[68] << 24 | header[69] << 16 | header[70] << 8 | header[71];
    return std::memcmp(header.data(), "SQLite format 3", 16) == 0 && header[18] == 1 && id == kApplicationId;
}

void refuse_what_is_of(const fs::path& database, const fs::path& target) {
    std::error_code error;
    for (const std::string_view ending : {"", "-wal", "-shm", "-journal", ".lock", ".sock", ".redact-key"})
        if (target == database.string() + std::string(ending) ||
            fs::equivalent(target, database.string() + std::string(ending), error))
            refuse(ExitCode::usage, target, "this file belongs to the database itself; name another one");
}

// Hidden, and by a name that nothing else has.
fs::path unfinished_of(const fs::path& folder, const std::string& name) {
    return folder / fmt::format(".{}.taskmirror-unfinished", name);
}

// Before the database is opened: closing any descriptor of its file would drop SQLite's locks.
void check_target(const fs::path& target, const fs::path& database) {
    std::error_code error;
    const auto type = fs::symlink_status(target, error).type();
    if (!fs::is_directory(target.parent_path(), error))
        refuse(ExitCode::disk, target, fmt::format("there is no folder {}; create it", target.parent_path().string()));
    refuse_what_is_of(database, target);
    if (type == fs::file_type::not_found) return;
    if (type != fs::file_type::regular || !is_backup(target))
        refuse(ExitCode::usage, target,
               "what lies there is no backup that taskmirror has made, so it stays; name another file");
}

// The file that the copy grows in, beside its final name. Locked, so that what has no lock was left by a process that
// was killed. Removed with all that SQLite makes beside it, unless it has got its name.
class Unfinished {
  public:
    explicit Unfinished(fs::path path) : path_(std::move(path)) {
        for (;;) {
            file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
            if (file_.get() < 0) failed(path_);
            if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
                if (errno != EWOULDBLOCK) failed(path_);
                refuse(ExitCode::come_again, path_, "another backup is being written there; wait until it has ended");
            }
            // Another process may have given it its name, or removed it, between these two calls.
            struct stat ours = {}, there = {};
            if (::fstat(file_.get(), &ours) != 0) failed(path_);
            if (!S_ISREG(ours.st_mode) || ours.st_uid != ::geteuid() || ours.st_nlink > 1)
                refuse(ExitCode::usage, path_, "this name is taken; remove what lies there");
            if (::stat(path_.c_str(), &there) == 0 && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev) break;
        }
        remove_logs();
        if (::ftruncate(file_.get(), 0) != 0 || ::fchmod(file_.get(), 0640) != 0) failed(path_);
    }
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    ~Unfinished() {
        if (file_.get() < 0) return;
        remove_logs();
        ::unlink(path_.c_str());
    }

    const fs::path& path() const { return path_; }

    // The content reaches the disk before the name does, and the name before anything else happens: after a loss of
    // power there is the whole copy or none.
    void finish(const fs::path& name) {
        if (::fsync(file_.get()) != 0 || ::rename(path_.c_str(), name.c_str()) != 0) failed(name);
        file_.close();
        const Descriptor folder(::open(name.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (folder.get() < 0 || ::fsync(folder.get()) != 0) failed(name);
    }

  private:
    void remove_logs() const {
        for (const auto ending : kLogs) ::unlink((path_.string() + std::string(ending)).c_str());
    }

    fs::path path_;
    Descriptor file_;
};

void need_space(const fs::path& target, std::uintmax_t bytes) {
    std::error_code error;
    const auto space = fs::space(target.parent_path(), error);
    if (!error && space.available < bytes + kSpare)
        refuse(ExitCode::disk, target,
               fmt::format("it needs {} MB, and {} MB are free on that disk; free some, or name another folder",
                           (bytes + kSpare) >> 20, space.available >> 20));
}

// Page by page, inside one read transaction of the source: without that, each commit of another process would make the
// copy begin anew. (VACUUM INTO would do, too, but writes every row anew.) The log cannot be reset meanwhile.
void copy(SQLite::Database& from, SQLite::Database& to, const std::function<bool()>& stopped) {
    // The file is worth nothing before it is whole: no journal, and one flush, when it is.
    to.exec("PRAGMA journal_mode = OFF");
    to.exec("PRAGMA synchronous = OFF");
    sqlite3_backup* const backup = sqlite3_backup_init(to.getHandle(), "main", from.getHandle(), "main");
    if (backup == nullptr) throw SQLite::Exception(to.getHandle());
    int result = SQLITE_OK;
    while (result == SQLITE_OK && !(stopped && stopped())) result = sqlite3_backup_step(backup, kPagesAtOnce);
    const int ended = sqlite3_backup_finish(backup);
    if (result == SQLITE_OK) throw Fatal(ExitCode::come_again, "stopped by a signal; there is no backup");
    if (ended != SQLITE_OK) throw SQLite::Exception(to.getHandle(), ended);
    // One file that needs none beside it, wherever it is read. Opened by a sync it has a log again.
    if (to.execAndGet("PRAGMA journal_mode = DELETE").getString() != "delete")
        throw SQLite::Exception("the copy keeps its log", SQLITE_IOERR);
}

int number(SQLite::Database& database, const char* pragma) { return database.execAndGet(pragma).getInt(); }

void check(const fs::path& file, const fs::path& target, int version) {
    SQLite::Database copy(file.string(), SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW);
    copy.exec("PRAGMA trusted_schema = OFF");
    copy.exec("PRAGMA cell_size_check = ON");
    const auto verdict = copy.execAndGet("PRAGMA quick_check(1)").getString();
    if (verdict == "ok" && number(copy, "PRAGMA application_id") == kApplicationId &&
        number(copy, "PRAGMA user_version") == version)
        return;
    refuse(ExitCode::corrupt, target,
           fmt::format("the copy is damaged ({}), and so may be the database; see what taskmirror doctor --full says",
                       verdict));
}

std::vector<fs::path> remove_older(const fs::path& folder, const fs::path& database, std::size_t keep) {
    std::vector<fs::path> copies;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.symlink_status().type() == fs::file_type::regular &&
            is_stamped(entry.path().filename().string(), database) && is_backup(entry.path()))
            copies.push_back(entry.path());
    std::ranges::sort(copies, std::greater());
    copies.erase(copies.begin(), copies.begin() + static_cast<std::ptrdiff_t>(std::min(keep, copies.size())));
    for (const auto& copy : copies) fs::remove(copy);
    return copies;
}

}  // namespace

Backup back_up(const fs::path& given, const BackupOptions& options) {
    const auto file = to_be_read(given);
    std::error_code error;
    const bool into_folder = !options.to.has_filename() || fs::is_directory(options.to, error);
    if (options.keep && !into_folder)
        throw Fatal(ExitCode::usage, fmt::format("--keep is for a folder, and {} is none; create it, or write it with "
                                                 "a / at its end",
                                                 options.to.string()));
    const auto absolute = fs::absolute(options.to);
    const auto wished = into_folder ? absolute / stamped(file, options.now) : absolute;
    const auto parent = fs::canonical(wished.parent_path(), error);
    const auto target = (error ? wished.parent_path() : parent) / wished.filename();
    check_target(target, file);
    const auto unfinished_path =
        unfinished_of(target.parent_path(), into_folder ? file.stem().string() : target.filename().string());
    refuse_what_is_of(file, unfinished_path);

    return guarded("write backup", target, [&] {
        const auto source = open_to_read(file, schema_steps().back().version);
        SQLite::Transaction moment(*source);
        const auto pages = static_cast<std::uintmax_t>(source->execAndGet("PRAGMA page_count").getInt64());
        const auto bytes = pages * static_cast<std::uintmax_t>(number(*source, "PRAGMA page_size"));
        const int version = number(*source, "PRAGMA user_version");
        Unfinished unfinished(unfinished_path);
        need_space(target, bytes);
        {
            SQLite::Database to(unfinished.path().string(),
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW);
            copy(*source, to, options.stopped);
        }
        check(unfinished.path(), target, version);
        Backup made{.file = target, .bytes = fs::file_size(unfinished.path())};
        unfinished.finish(target);
        if (options.keep)
            made.removed = remove_older(target.parent_path(), file, static_cast<std::size_t>(*options.keep));
        return made;
    });
}

}  // namespace taskmirror::store
