#include "core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace taskmirror {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = other.release();
    }
    return *this;
}

int Descriptor::release() { return std::exchange(fd_, -1); }

void Descriptor::close() {
    if (fd_ >= 0) ::close(release());
}

Descriptor open_file(const std::filesystem::path& path, int flags) {
    Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
    if (file.get() < 0) throw std::system_error(errno, std::generic_category());
    return file;
}

std::optional<std::string> read_file(const Descriptor& file, std::size_t limit) {
    std::string text;
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t size = read(file.get(), buffer.data(), buffer.size());
        if (size == 0) return text;
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) throw std::system_error(errno, std::generic_category());
        text.append(buffer.data(), static_cast<std::size_t>(size));
        if (text.size() > limit) return std::nullopt;
    }
}

bool others_may_write(const Descriptor& file) {
    struct stat status {};
    if (fstat(file.get(), &status) != 0) throw std::system_error(errno, std::generic_category());
    return (status.st_uid != geteuid() && status.st_uid != 0) || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

}  // namespace taskmirror
