// One process per database: an exclusive lock on a file beside it.
//
// The lock is flock(2) on its own file, never on the database: closing any descriptor of that would drop SQLite's own
// locks. The kernel releases it when the process ends, however it ends; the file stays and means nothing by itself.
#pragma once

#include <filesystem>

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

}  // namespace taskmirror::store
