// Reading small files through descriptors, so that what was checked is what is read. Never writes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace taskmirror {

// Owns an open file; -1: none.
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    int get() const { return fd_; }
    int release();
    void close();

  private:
    int fd_;
};

// `flags` of open(2) beside O_RDONLY and O_CLOEXEC. Throws std::system_error.
Descriptor open_file(const std::filesystem::path& path, int flags = 0);

// The whole content; none if it is longer than `limit` bytes. Throws std::system_error.
std::optional<std::string> read_file(const Descriptor& file, std::size_t limit);

// Whether someone other than us and root may change it: another owner, or write permission for group or others.
bool others_may_write(const Descriptor& file);

}  // namespace taskmirror
