// The key of redacted texts: a file beside the database, so that who reads the database alone cannot test guesses.
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "app_parts.hpp"
#include "core/file.hpp"
#include "core/redact.hpp"
#include "store/reader.hpp"

namespace taskmirror {
namespace {

constexpr std::size_t kDigits = 64;

std::string new_key() {
    std::array<unsigned char, kDigits / 2> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw Fatal(ExitCode::internal, "libcrypto gives no random bytes");
    std::string key;
    for (const auto byte : bytes) key += fmt::format("{:02x}", byte);
    return key;
}

// The whole key or none: it gets its name when it is on the disk.
void write_key(const std::filesystem::path& file, const std::string& key) {
    const std::filesystem::path unfinished = file.string() + ".tmp";
    const auto fail = [&] {
        return Fatal(ExitCode::disk, fmt::format("cannot write {}, the key of redacted texts: {}; look at the disk and "
                                                 "start again",
                                                 file.string(), std::strerror(errno)));
    };
    ::unlink(unfinished.c_str());
    const Descriptor descriptor(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const auto line = key + "\n";
    if (descriptor.get() < 0 ||
        ::write(descriptor.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
        ::fsync(descriptor.get()) != 0 || ::link(unfinished.c_str(), file.c_str()) != 0)
        throw fail();
    ::unlink(unfinished.c_str());
}

std::string read_key(const std::filesystem::path& file) {
    const auto refuse = [&](std::string_view why) {
        return Fatal(ExitCode::configuration, fmt::format("{}, the key of redacted texts, {}", file.string(), why));
    };
    try {
        const Descriptor descriptor = open_file(file, O_NOFOLLOW);
        struct stat status = {};
        if (::fstat(descriptor.get(), &status) != 0) throw std::system_error(errno, std::generic_category());
        if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
            throw refuse(fmt::format("can be read by others: chmod 600 {}", file.string()));
        auto key = read_file(descriptor, kDigits + 1).value_or("");
        if (key.ends_with('\n')) key.pop_back();
        if (key.size() != kDigits || key.find_first_not_of("0123456789abcdef") != std::string::npos)
            throw refuse(fmt::format("is not {} hexadecimal digits: put the right one back from a backup", kDigits));
        return key;
    } catch (const std::system_error& error) {
        throw refuse(fmt::format("cannot be read: {}", error.code().message()));
    }
}

}  // namespace

std::string redact_key(const Config& config, bool make) {
    const std::filesystem::path file = config.database.string() + ".redact-key";
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, error))) return read_key(file);
    if (store::read_fact(config.database, store::kRedactKey))
        throw Fatal(
            ExitCode::configuration,
            fmt::format("{} is not there, and {} holds hashes that were made with it; put it back from a backup, "
                        "or begin with a new database, or remove the hash rules from `redact`",
                        file.string(), config.database.string()));
    auto key = new_key();
    if (make) write_key(file, key);
    return key;
}

}  // namespace taskmirror
