#include "app_init.hpp"

#include "asana/streams.hpp"
#include "config.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

using namespace taskmirror;

namespace {

Config read(const testing::TemporaryFolder& folder, const Chosen& chosen) {
    return read_config(folder.write("c.yaml", configuration_text(chosen), 0600), asana::kResources);
}

}  // namespace

TEST_CASE("the configuration that init writes is the example with what was chosen") {
    const testing::TemporaryFolder folder;
    const auto config = read(folder, {.database = "my mirror's.db",
                                      .token_file = "asana.token",
                                      .base_url = "https://proxy.example/api/1.0",
                                      .workspaces = {"12", "34"}});

    CHECK(config.database == folder.path() / "my mirror's.db");
    REQUIRE(config.sources.size() == 1);
    SourceConfig expected;
    expected.token_file = folder.path() / "asana.token";
    expected.base_url = "https://proxy.example/api/1.0";
    expected.workspaces = {"12", "34"};
    CHECK(config.sources[0] == expected);
}

TEST_CASE("what was not chosen stands there as the example has it") {
    const testing::TemporaryFolder folder;
    const auto config =
        read(folder, {.database = "/var/lib/x/a.db", .token_file = {}, .base_url = {}, .workspaces = {}});

    CHECK(config.database == "/var/lib/x/a.db");
    CHECK(config.sources == std::vector<SourceConfig>{SourceConfig{}});
    const auto text =
        configuration_text({.database = "taskmirror.db", .token_file = {}, .base_url = {}, .workspaces = {}});
    CHECK(text == config_example());
}
