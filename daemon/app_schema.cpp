// The command `schema`: what the tables and columns are. Reads no configuration and no database.
#include <fmt/format.h>

#include "app.hpp"
#include "app_parts.hpp"
#include "asana/left_out.hpp"
#include "asana/source.hpp"
#include "ops/dictionary.hpp"
#include "store/dictionary.hpp"

namespace taskmirror {

std::string data_dictionary() {
    std::vector<std::pair<std::string_view, std::string_view>> left_out;
    for (const auto& one : asana::kLeftOut) left_out.emplace_back(one.what, one.why);
    const auto [what, why] = std::pair(asana::kStandingLimitation.substr(0, asana::kStandingLimitation.find(": ")),
                                       asana::kStandingLimitation.substr(asana::kStandingLimitation.find(": ") + 2));
    left_out.emplace_back(what, why);
    return ops::dictionary_markdown(store::describe(store::schema_files()), left_out);
}

ExitCode show_schema(const Arguments& arguments) {
    if (arguments.sql)
        for (const auto& file : store::schema_files()) fmt::print("{}", file.sql);
    else
        fmt::print("{}", data_dictionary());
    return ExitCode::done;
}

}  // namespace taskmirror
