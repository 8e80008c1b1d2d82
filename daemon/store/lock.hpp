// One process per database: an exclusive lock on a file beside it.
//
// The lock is flock(2) on its own file, never on the database: closing any descriptor of that would drop SQLite's own
// locks. The kernel releases it when the process ends, however it ends; the file stays and means nothing by itself.
#pragma once

#include <filesystem>
#include <optional>

namespace taskmirror::store {

class FileLock {
  public:
    // Takes `<database>.lock` without waiting. Fatal 75 names the process that holds it, 74 says why it cannot be made.
    explicit FileLock(const std::filesystem::path& database);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

  private:
    int descriptor_ = -1;
};

// The process that holds the lock of this database; none if nobody does. Takes no lock, so it is in nobody's way.
std::optional<int> lock_holder(const std::filesystem::path& database);

}  // namespace taskmirror::store
