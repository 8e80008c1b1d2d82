#include "ops/doctor.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "temporary_folder.hpp"

using namespace taskmirror;
using namespace taskmirror::ops;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kGigabyte = 1'000'000'000;

// The verdicts and remedies of one subject, joined.
std::string said(const std::vector<Finding>& findings) {
    std::string text;
    for (const auto& finding : findings) text += finding.says + " -> " + finding.remedy + "\n";
    return text;
}

}  // namespace

TEST_CASE("a clock that is off by more than half a minute is warned of, whichever way") {
    CHECK(clock_finding("clock", 0s).verdict == Verdict::ok);
    CHECK(clock_finding("clock", 30s).verdict == Verdict::ok);
    CHECK(clock_finding("clock", -30s).verdict == Verdict::ok);
    CHECK(clock_finding("clock", 31s).verdict == Verdict::warning);
    CHECK_THAT(clock_finding("clock", 31s).says, Catch::Contains("31 s ahead of"));
    CHECK_THAT(clock_finding("clock", -3600s).says, Catch::Contains("3600 s behind"));
    CHECK_THAT(clock_finding("clock", -3600s).remedy, Catch::Contains("timedatectl"));
}

TEST_CASE("file systems that machines share are known by their number") {
    CHECK(shared_file_system(0x6969) == "NFS");
    CHECK(shared_file_system(static_cast<std::int32_t>(0xFF534D42)) == "CIFS");  // as a signed number, too
    CHECK(shared_file_system(0xFE534D42) == "SMB");
    CHECK(shared_file_system(0x65735546) == "FUSE");
    CHECK(shared_file_system(0x01021997) == "9P");
    CHECK(shared_file_system(0xEF53).empty());      // ext4
    CHECK(shared_file_system(0x01021994).empty());  // tmpfs
    CHECK(shared_file_system(0x9123683E).empty());  // btrfs
    CHECK(file_system_finding("/proc/none").verdict == Verdict::problem);
}

TEST_CASE("a disk is to have room for a tenth of the database and some more") {
    CHECK(disk_finding("/d", kGigabyte, 0).verdict == Verdict::ok);
    CHECK(disk_finding("/d", kGigabyte / 5, 0).verdict == Verdict::warning);
    CHECK(disk_finding("/d", kGigabyte, 5 * kGigabyte).verdict == Verdict::ok);
    CHECK(disk_finding("/d", kGigabyte, 10 * kGigabyte).verdict == Verdict::warning);
    CHECK(disk_finding("/d", kGigabyte / 20, 0).verdict == Verdict::problem);
    CHECK_THAT(disk_finding("/d e", kGigabyte / 20, 0).remedy, Catch::Contains("'/d e'"));
    CHECK(disk_finding(fs::path("/none/at/all")) == std::nullopt);
}

TEST_CASE("a write-ahead log is warned of when a reader has kept it from beginning anew") {
    CHECK(log_finding(64UL * 1024 * 1024).verdict == Verdict::ok);
    CHECK(log_finding(300'000'000).verdict == Verdict::warning);
}

TEST_CASE("files that are open to everybody are found, each with the command that mends it") {
    testing::TemporaryFolder folder;
    const auto file = folder.write("a b.db", "x", 0640);
    folder.write("a b.db.redact-key", "x", 0600);
    CHECK(permission_findings(file).at(0).verdict == Verdict::ok);

    fs::permissions(file, fs::perms(0644));
    CHECK(permission_findings(file).at(0).verdict == Verdict::warning);
    CHECK_THAT(said(permission_findings(file)), Catch::Contains("chmod o-rwx '" + file.string() + "'"));
    fs::permissions(file, fs::perms(0640));
    fs::permissions(file.string() + ".redact-key", fs::perms(0640));
    CHECK(permission_findings(file).at(0).verdict == Verdict::problem);
    fs::permissions(file.string() + ".redact-key", fs::perms(0600));
    fs::permissions(folder.path(), fs::perms(0777));
    CHECK_THAT(said(permission_findings(file)), Catch::Contains("everybody can replace the files"));
    CHECK_THAT(said(permission_findings(folder.path() / "none" / "a.db")), Catch::Contains("mkdir -p "));
}

TEST_CASE("health is told with the remedy of what is damaged") {
    CHECK_FALSE(has_problem(health_findings({.has_search = true}, true)));
    CHECK(health_findings({.all = false}, false).at(0).verdict == Verdict::warning);
    CHECK_THAT(said(health_findings({.damage = "page 3 is never used"}, false)),
               Catch::Contains("page 3 is never used") && Catch::Contains("put a backup in its place"));
    const auto search = health_findings({.search_damage = "it cannot be read", .has_search = true}, true);
    CHECK(has_problem(search));
    CHECK_THAT(said(search), Catch::Contains("full_text_search: false") && Catch::Contains("the tables are not"));
}

TEST_CASE("findings are told as text and as JSON, and what others wrote cannot forge a line") {
    const std::vector<Finding> findings = {{"disk", Verdict::ok, "much", ""},
                                           {"token", Verdict::problem, "of \"A\nok disk\x1b[2J\"", "do this"},
                                           {"clock", Verdict::warning, "off", "set it"}};

    const auto text = doctor_text(findings);
    CHECK(text ==
          "ok       disk: much\n"
          "PROBLEM  token: of \"A\\u000aok disk\\u001b[2J\"\n"
          "         -> do this\n"
          "warning  clock: off\n"
          "         -> set it\n"
          "\n1 ok, 1 warnings, 1 problems\n");
    const auto json = nlohmann::json::parse(doctor_json(findings));
    REQUIRE(json.size() == 3);
    CHECK(json[0]["remedy"].is_null());
    CHECK(json[1]["verdict"] == "problem");
    CHECK(json[1]["says"] == "of \"A\nok disk\x1b[2J\"");
    CHECK(has_problem(findings));
    CHECK_FALSE(has_problem(std::span(findings).first(1)));
}
