#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "token.hpp"

#include "temporary_folder.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {  // missing in the header of glibc 2.36
#include <sys/pidfd.h>
}

using namespace taskmirror;
using testing::Environment;
using testing::TemporaryFolder;

namespace {

const std::string kToken = "2/1200/1201:cafe";

std::string mistake(const TokenPlace& place) {
    try {
        read_token(place);
    } catch (const Fatal& error) {
        CHECK(error.code() == ExitCode::configuration);
        CHECK_THAT(error.what(), !Catch::Contains("cafe"));
        return error.what();
    }
    return "none";
}

TokenPlace of_file(const std::filesystem::path& file) { return {.file = file}; }
TokenPlace of_command(const std::string& command) { return {.command = command}; }

}  // namespace

TEST_CASE("a token is read from the environment") {
    const Environment variable("TASKMIRROR_TEST_TOKEN", kToken);

    CHECK(read_token({.env = "TASKMIRROR_TEST_TOKEN"}) == kToken);
}

TEST_CASE("a variable without a token is named") {
    const Environment variable("TASKMIRROR_TEST_TOKEN", std::nullopt);
    CHECK(mistake({.env = "TASKMIRROR_TEST_TOKEN"}) ==
          "environment variable TASKMIRROR_TEST_TOKEN is not set: put the token there");

    const Environment empty("TASKMIRROR_TEST_TOKEN", "");
    CHECK(mistake({.env = "TASKMIRROR_TEST_TOKEN"}) ==
          "environment variable TASKMIRROR_TEST_TOKEN is empty: put the token there");

    const Environment broken("TASKMIRROR_TEST_TOKEN", "cafe\r\nX-Header: cafe");
    CHECK(mistake({.env = "TASKMIRROR_TEST_TOKEN"}) ==
          "environment variable TASKMIRROR_TEST_TOKEN holds spaces, line breaks or other characters that no token has: "
          "put the token there alone");
}

TEST_CASE("a token is read from a file without its last line break") {
    const TemporaryFolder folder;

    CHECK(read_token(of_file(folder.write("a", kToken))) == kToken);
    CHECK(read_token(of_file(folder.write("b", kToken + "\n", 0400))) == kToken);
    CHECK(read_token(of_file(folder.write("c", kToken + "\r\n"))) == kToken);
    CHECK(read_token(of_file(folder.write("d", std::string(4095, 'x') + "\n"))).size() == 4095);
}

TEST_CASE("a token file that others can read is refused with the remedy") {
    const TemporaryFolder folder;
    const unsigned mode = GENERATE(0640U, 0604U, 0620U, 0601U, 0644U);
    const std::string file = folder.write("token", kToken, mode);

    CHECK(mistake(of_file(file)) == "token file " + file + " can be read by others: chmod 600 " + file);
}

TEST_CASE("a token file of another user is refused with the remedy") {
    if (geteuid() != 0) return;  // only root can give a file away
    const TemporaryFolder folder;
    const std::string file = folder.write("token", kToken);
    REQUIRE(chown(file.c_str(), 65534, 65534) == 0);

    CHECK(mistake(of_file(file)) == "token file " + file + " belongs to another user: chown 0 " + file);
}

TEST_CASE("what is no plain file with one token in it is refused") {
    const TemporaryFolder folder;
    const std::string missing = folder.path() / "missing";
    const std::string link = folder.path() / "link";
    std::filesystem::create_symlink(folder.write("token", kToken), link);
    const std::string pipe = folder.path() / "pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const std::string empty = folder.write("empty", "\n");
    const std::string two = folder.write("two", kToken + "\n" + kToken + "\n");
    const std::string large = folder.write("large", std::string(4097, 'x'));

    CHECK(mistake(of_file(missing)) == "token file " + missing + " cannot be read: No such file or directory");
    CHECK(mistake(of_file(link)) == "token file " + link + " is a symbolic link: name the file that it leads to");
    CHECK(mistake(of_file(pipe)) == "token file " + pipe + " is not a regular file");
    CHECK(mistake(of_file(folder.path())) == "token file " + folder.path().string() + " is not a regular file");
    CHECK(mistake(of_file(empty)) == "token file " + empty + " is empty: put the token there");
    CHECK(mistake(of_file(two)) == "token file " + two +
                                       " holds spaces, line breaks or other characters that no token has: "
                                       "put the token there alone");
    CHECK(mistake(of_file(large)) == "token file " + large + " is longer than 4096 bytes: that is no token");
}

TEST_CASE("a file in systemd's credentials folder may have any mode") {
    const TemporaryFolder folder;
    const std::string file = folder.write("token", kToken, 0444);
    CHECK(mistake(of_file(file)) != "none");

    const Environment credentials("CREDENTIALS_DIRECTORY", folder.path().string());

    CHECK(read_token(of_file(file)) == kToken);
    CHECK(mistake(of_file(folder.path() / ".." / folder.write("deep/token", kToken, 0444))) != "none");
}

TEST_CASE("without any place named it is the credential, then the variable") {
    const TemporaryFolder folder;
    const Environment variable("ASANA_TOKEN", "from-variable");
    const Environment none("CREDENTIALS_DIRECTORY", std::nullopt);
    CHECK(read_token({}) == "from-variable");

    const Environment credentials("CREDENTIALS_DIRECTORY", folder.path().string());
    CHECK(read_token({}) == "from-variable");

    folder.write("asana-token", "from-credential\n", 0440);
    CHECK(read_token({}) == "from-credential");
}

TEST_CASE("without any token the message names the ways to give one") {
    const Environment variable("ASANA_TOKEN", std::nullopt);
    const Environment credentials("CREDENTIALS_DIRECTORY", std::nullopt);

    CHECK(mistake({}) ==
          "no token: set ASANA_TOKEN in the environment, or name token_file or token_command in the configuration");
}

TEST_CASE("a token is read from what a command prints") {
    CHECK(read_token(of_command("printf '%s\\n' 2/1200/1201:cafe")) == kToken);
    CHECK(read_token(of_command("cat; printf cafe")) == "cafe");  // nothing stands on its standard input
}

TEST_CASE("a command that gives no token is refused") {
    CHECK(mistake(of_command("echo cafe; exit 3")) == "token_command failed with exit code 3: try it in a terminal");
    CHECK(mistake(of_command("echo cafe; kill -9 $$")) == "token_command was ended by signal 9: try it in a terminal");
    CHECK(mistake(of_command("true")) == "the output of token_command is empty: put the token there");
    CHECK(mistake(of_command("echo cafe cafe")) ==
          "the output of token_command holds spaces, line breaks or other characters that no token has: "
          "put the token there alone");
    CHECK(mistake(of_command("yes")) == "the output of token_command is longer than 4096 bytes: that is no token");
}

TEST_CASE("a command that does not end is killed with all that it started") {
    const TemporaryFolder folder;
    const std::string pids = folder.path() / "pids";
    const std::string command =
        GENERATE("sleep 60 & echo $! > $PIDS; wait", "echo $$ > $PIDS; exec >&-; sleep 60; true");
    const Environment place("PIDS", pids);

    CHECK(mistake({.command = command, .command_limit = Milliseconds{300}}) ==
          "token_command did not end within 0.3 s: try it in a terminal");

    pid_t pid = 0;
    std::ifstream(pids) >> pid;
    REQUIRE(pid > 0);
    // Dying takes the kernel a moment.
    const int process = pidfd_open(pid, 0);
    if (process >= 0) {
        pollfd dead{process, POLLIN, 0};
        CHECK(poll(&dead, 1, 5000) == 1);
        close(process);
    }
}
