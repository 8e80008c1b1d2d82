#include "store/lock.hpp"

#include "core/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace taskmirror::store {
namespace {

// The process id that the holder wrote; another text, or none, when it has not come to that yet.
std::string holder(int descriptor) {
    char text[16];
    const auto size = ::pread(descriptor, text, sizeof text, 0);
    const std::string_view written(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    const auto digits = written.substr(0, written.find_first_not_of("0123456789"));
    return digits.empty() ? "another process" : fmt::format("process {}", digits);
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& database) {
    const std::string name = database.string() + ".lock";
    const auto refuse = [&](const char* failed) {
        const std::string why = std::strerror(errno);
        if (descriptor_ >= 0) ::close(descriptor_);
        throw Fatal(ExitCode::disk,
                    fmt::format("cannot {} {}: {}; the database's directory must be writable", failed, name, why));
    };

    descriptor_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (descriptor_ < 0) refuse("create");
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) refuse("lock");
        const std::string who = holder(descriptor_);
        ::close(descriptor_);
        throw Fatal(ExitCode::come_again,
                    fmt::format("database {} is in use by {}; wait until it ends, or stop it", database.string(), who));
    }
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(descriptor_, 0) != 0) refuse("write");
    if (::pwrite(descriptor_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) refuse("write");
}

FileLock::~FileLock() { ::close(descriptor_); }

// From the kernel's list, proc(5): "1: FLOCK  ADVISORY  WRITE 4711 fe:00:9978019 0 EOF".
std::optional<int> lock_holder(const std::filesystem::path& database) {
    struct stat file = {};
    if (::stat((database.string() + ".lock").c_str(), &file) != 0) return std::nullopt;
    const std::string place = fmt::format("{:02x}:{:02x}:{}", major(file.st_dev), minor(file.st_dev), file.st_ino);
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words(line);
        std::string number, kind, how, mode, where;
        int pid = 0;
        if (words >> number >> kind >> how >> mode >> pid >> where && kind == "FLOCK" && where == place) return pid;
    }
    return std::nullopt;
}

}  // namespace taskmirror::store
