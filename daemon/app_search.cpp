// The command `search`: reads the database, and nothing else.
#include <fmt/format.h>

#include "app_parts.hpp"
#include "ops/search.hpp"
#include "store/finder.hpp"

namespace taskmirror {
namespace {

constexpr std::int64_t kUsualHits = 20;

}  // namespace

ExitCode search_words(const Arguments& arguments) {
    const auto expression = ops::search_expression(arguments.words);
    if (expression.empty())
        throw Fatal(ExitCode::usage, "search needs a word with a letter or a digit; see taskmirror --help");
    const Config config = configuration(arguments);
    const auto hits =
        store::find(config.database, expression, static_cast<std::size_t>(arguments.limit.value_or(kUsualHits)));
    if (!hits)
        throw Fatal(ExitCode::configuration,
                    fmt::format("cannot search {}: it has no full-text index; {}", config.database.string(),
                                config.full_text_search ? "the next sync or run makes it"
                                                        : "set full_text_search: true, the next sync or run makes it"));
    fmt::print("{}", arguments.json ? ops::hits_json(*hits) : ops::hits_text(*hits));
    if (hits->empty()) fmt::print(stderr, "nothing found\n");
    return ExitCode::done;
}

}  // namespace taskmirror
