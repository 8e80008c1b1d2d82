// The arrows between the folders of daemon/, read from its #include lines.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

// What may include what, beside itself. A file that lies in daemon/ itself is a part of its own, named without its
// ending.
const std::map<std::string, std::set<std::string>> kArrows = {
    {"main", {"app", "cli", "config", "token", "core"}},
    {"app", {"engine", "asana", "ops", "config", "cli", "token", "source", "store", "http", "core"}},
    {"engine", {"source", "store", "http", "core"}},
    {"asana", {"source", "core"}},
    {"ops", {"store", "core"}},
    {"source", {"core"}},
    {"store", {"core"}},
    {"http", {"core"}},
    {"config", {"core"}},
    {"cli", {"core"}},
    {"token", {"core"}},
    {"core", {}},
};

// A library's headers, and the beginnings of the paths that may include them.
const std::map<std::string, std::vector<std::string>> kLibraries = {
    {"curl/", {"http/client.cpp"}},
    {"SQLiteCpp/", {"store/sqlite"}},
    {"sqlite3.h", {"store/sqlite"}},
    {"yaml-cpp/", {"core/section.cpp"}},
    {"CLI/", {"cli.cpp"}},
    {"spdlog/", {"core/log.cpp"}},
    {"openssl/", {"core/redact.cpp", "app_redact.cpp"}},
    {"httplib.h", {}},  // no server for strangers
};

std::string part_of(const fs::path& path) {
    if (path.has_parent_path()) return path.begin()->string();
    const auto stem = path.stem().string();
    return stem.rfind("app_", 0) == 0 ? "app" : stem;
}

struct Include {
    std::string name;
    bool quoted = false;
};

std::vector<Include> includes_of(const std::string& text) {
    std::vector<Include> includes;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string hash, directive, name;
        words >> hash;
        if (hash == "#") words >> directive, hash += directive;  // "# include"
        if (hash.rfind("#include", 0) != 0) continue;
        std::getline(words, name);
        name = hash.substr(8) + name;
        const std::size_t begin = name.find_first_of("\"<");
        const std::size_t end = name.find_first_of("\">", begin + 1);
        if (begin == std::string::npos || end == std::string::npos) continue;
        includes.push_back({name.substr(begin + 1, end - begin - 1), name[begin] == '"'});
    }
    return includes;
}

// What is wrong in one file; `path` is relative to daemon/.
std::vector<std::string> violations(const fs::path& path, const std::string& text) {
    std::vector<std::string> found;
    const std::string part = part_of(path);
    if (kArrows.count(part) == 0) return {path.string() + " belongs to no known part"};
    for (const Include& include : includes_of(text)) {
        for (const auto& [prefix, places] : kLibraries) {
            if (include.name.rfind(prefix, 0) != 0) continue;
            const bool allowed = std::any_of(places.begin(), places.end(),
                                             [&](const std::string& p) { return path.string().rfind(p, 0) == 0; });
            if (!allowed) found.push_back(path.string() + " must not include " + include.name);
        }
        if (!include.quoted) continue;
        const std::string target = part_of(include.name);
        if (target != part && kArrows.at(part).count(target) == 0) {
            found.push_back(path.string() + " must not include " + include.name);
        }
    }
    return found;
}

using Violations = std::vector<std::string>;

}  // namespace

TEST_CASE("the includes of the program follow the arrows between its parts") {
    const fs::path root = fs::path(TASKMIRROR_SOURCE_DIR) / "daemon";
    std::size_t files = 0;
    Violations found;

    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const std::string ending = entry.path().extension().string();
        if (ending != ".cpp" && ending != ".hpp") continue;
        std::ifstream file(entry.path());
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        const Violations here = violations(fs::relative(entry.path(), root), text);
        found.insert(found.end(), here.begin(), here.end());
        ++files;
    }

    CHECK(found == Violations{});
    CHECK(files > 10);
}

TEST_CASE("an include against an arrow is found") {
    CHECK(violations("core/log.cpp", "#include \"http/client.hpp\"\n") ==
          Violations{"core/log.cpp must not include http/client.hpp"});
    CHECK(violations("asana/source.cpp", "#include \"store/store.hpp\"\n").size() == 1);
    CHECK(violations("asana/source.cpp", "#include \"http/client.hpp\"\n").size() == 1);
    CHECK(violations("store/sqlite.cpp", "#include \"engine/engine.hpp\"\n").size() == 1);
    CHECK(violations("engine/engine.cpp", "#include \"asana/source.hpp\"\n").size() == 1);
    CHECK(violations("ops/status.cpp", "#include \"engine/engine.hpp\"\n").size() == 1);
    CHECK(violations("config.cpp", "#include \"asana/streams.hpp\"\n").size() == 1);
    CHECK(violations("cli.cpp", "#include \"config.hpp\"\n").size() == 1);
    CHECK(violations("core/log.cpp", "  #  include\"app.hpp\"  // why\n").size() == 1);
    CHECK(violations("extra/thing.cpp", "").size() == 1);
}

TEST_CASE("an include along an arrow is allowed") {
    CHECK(violations("main.cpp", "#include \"app.hpp\"\n#include <string>\n").empty());
    CHECK(violations("app.cpp", "#include \"asana/source.hpp\"\n#include \"token.hpp\"\n").empty());
    CHECK(violations("engine/engine.cpp", "#include \"source/source.hpp\"\n#include \"engine/engine.hpp\"\n").empty());
    CHECK(violations("config.cpp", "#include \"config.hpp\"\n#include \"core/log.hpp\"\n").empty());
}

TEST_CASE("a library is included in its own file alone") {
    for (const std::string library : {"curl/curl.h", "SQLiteCpp/Database.h", "yaml-cpp/yaml.h", "CLI/CLI.hpp",
                                      "spdlog/spdlog.h", "httplib.h", "sqlite3.h"}) {
        CAPTURE(library);
        CHECK(violations("engine/engine.cpp", "#include <" + library + ">\n").size() == 1);
    }
    CHECK(violations("http/client.cpp", "#include <curl/curl.h>\n").empty());
    CHECK(violations("http/pace.cpp", "#include <curl/curl.h>\n").size() == 1);
    CHECK(violations("store/sqlite.cpp", "#include <SQLiteCpp/SQLiteCpp.h>\n#include <sqlite3.h>\n").empty());
    CHECK(violations("store/sqlite_rows.cpp", "#include <sqlite3.h>\n").empty());
    CHECK(violations("store/lock.cpp", "#include <SQLiteCpp/SQLiteCpp.h>\n").size() == 1);
    CHECK(violations("store/store.hpp", "#include <sqlite3.h>\n").size() == 1);
}
