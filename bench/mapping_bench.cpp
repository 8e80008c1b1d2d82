// What the mapping costs by itself: from the bytes of an answer, a page of 100 full tasks, to rows. No network, no
// store.
//
// The pages are those of the fake Asana's --bench workspace, asked for as the program asks for them.
// usage: mapping_bench [TIMES]
#include <fmt/format.h>
#include <simdjson.h>

#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

#include "asana/mapping.hpp"
#include "asana/source.hpp"
#include "asana/streams.hpp"
#include "fake_asana/api.hpp"
#include "fake_asana/model.hpp"

using namespace taskmirror;

namespace {

double cpu_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// The first page of a project's tasks, padded as the parser wants it.
std::string task_page(const fake_asana::World& world, std::string_view project) {
    fake_asana::ApiRequest request;
    request.path = "/tasks";
    request.query = {
        {"project", std::string(project)}, {"limit", "100"}, {"opt_fields", asana::opt_fields(asana::kTasks)}};
    return fake_asana::answer(world, {}, request);
}

}  // namespace

int main(int count, char** arguments) {
    const int times = count > 1 ? std::atoi(arguments[1]) : 2000;
    fake_asana::Shape shape;
    shape.tasks = 4000;
    shape.bench = true;
    shape.hurts = false;
    const fake_asana::World world(shape);

    std::vector<std::string> pages;
    std::size_t bytes = 0;
    for (fake_asana::Index project = 0; project < world.projects.size(); ++project) {
        pages.push_back(task_page(world, world.gid(fake_asana::Type::project, project)));
        bytes += pages.back().size();
        pages.back().reserve(pages.back().size() + simdjson::SIMDJSON_PADDING);
    }

    const auto source = asana::make_source({.name = "bench", .workspaces = {}, .resources_off = {}});
    source::Work work;
    work.stream = static_cast<std::uint16_t>(asana::Id::project_tasks);
    work.scope = "1201000000000001";
    work.root = "1200000000000000";
    source::Answer answer;
    std::size_t tasks = 0, rows = 0;
    const double start = cpu_seconds();
    for (int i = 0; i < times; ++i) {
        source->read(work, pages[static_cast<std::size_t>(i) % pages.size()], answer);
        tasks += answer.page.entities.size();
        rows += answer.page.entities.size();
        for (const auto& set : answer.page.children) rows += set.rows;
    }
    const double spent = cpu_seconds() - start;
    if (tasks == 0) throw std::runtime_error("the fake gave no tasks");
    fmt::print("mapping      {:6.2f} us CPU per task, {:.1f} rows and {} bytes of JSON per task\n",
               spent * 1e6 / static_cast<double>(tasks), static_cast<double>(rows) / static_cast<double>(tasks),
               bytes / (pages.size() * 100));
}
