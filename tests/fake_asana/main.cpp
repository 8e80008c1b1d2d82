// fake_asana: serves a generated workspace until it is ended by a signal. See README.md.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "server.hpp"

int main(int argc, char** argv) {
    using namespace fake_asana;
    ServerOptions options;
    options.tokens.clear();
    int port = 0;
    std::string plan = "paid";
    bool no_hurts = false;
    int per_minute = -1;

    CLI::App app{"A fake of Asana's API with a generated workspace"};
    app.add_option("--port", port, "0: a free one");
    app.add_option("--seed", options.shape.seed);
    app.add_option("--tasks", options.shape.tasks, "subtasks included")->check(CLI::Range(0, 20'000'000));
    app.add_option("--workspaces", options.shape.workspaces);
    app.add_option("--projects", options.shape.projects);
    app.add_option("--users", options.shape.users)->check(CLI::Range(1, 1'000'000));
    app.add_option("--teams", options.shape.teams);
    app.add_option("--tags", options.shape.tags);
    app.add_option("--stories-per-task", options.shape.stories_per_task, "mean");
    app.add_option("--attachments-per-task", options.shape.attachments_per_task, "mean");
    app.add_option("--subtask-share", options.shape.subtask_share, "of all tasks");
    app.add_flag("--bench", options.shape.bench, "one big plain shape with full tasks");
    app.add_flag("--no-data-that-hurts", no_hurts);
    app.add_option("--plan", plan)->check(CLI::IsMember({"free", "paid", "service"}));
    app.add_option("--requests-per-minute", per_minute, "0: no limit; by default 150 (free) or 1500");
    app.add_option("--search-per-minute", options.limits.search_per_minute, "0: no limit");
    app.add_option("--concurrency", options.limits.concurrency, "0: no limit");
    app.add_option("--search-lag-ms", options.search_lag, "how far search is behind");
    app.add_option("--token", options.tokens, "may be repeated; the n-th is the n-th user's");
    app.add_option("--latency-ms", options.latency_ms);
    CLI11_PARSE(app, argc, argv);

    options.free_plan = plan == "free";
    options.service_account = plan == "service";
    options.shape.hurts = !no_hurts;
    options.limits.requests_per_minute = per_minute >= 0 ? per_minute : options.free_plan ? 150 : 1500;
    if (options.tokens.empty()) options.tokens = {"test-token"};
    std::signal(SIGPIPE, SIG_IGN);
    try {
        Server server(options);
        const int bound = server.bind(port);
        if (bound < 0) {
            std::fprintf(stderr, "fake_asana: cannot listen on 127.0.0.1:%d; is it taken?\n", port);
            return 1;
        }
        std::printf("listening on http://127.0.0.1:%d/api/1.0\n", bound);
        std::fflush(stdout);
        server.serve();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fake_asana: %s\n", error.what());
        return 1;
    }
    return 0;
}
