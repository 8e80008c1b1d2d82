#include "exports.hpp"

#include <unistd.h>
#include <zlib.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <utility>

#include "projection.hpp"
#include "text.hpp"

namespace fake_asana {

namespace {

using Json = nlohmann::json;

constexpr Millis kLinkLife = 300'000;  // as Amazon's are signed for
constexpr Millis kForgotten = 5'000;   // a job that nobody asks about is done by then
constexpr const char* kParts[] = {"", "stories.", "attachments."};

void refuse(const std::string& what) { throw ApiError(400, what); }

void only(const Json& object, const std::set<std::string>& keys) {
    if (!object.is_object()) refuse("not an object");
    for (const auto& [key, value] : object.items())
        if (!keys.contains(key)) refuse(key + ": unknown parameter");
}

}  // namespace

Exports::~Exports() {
    for (auto& [gid, job] : jobs_)
        if (job->writer.joinable()) job->writer.join();
}

void Exports::make(const ExportRules& rules) {
    const std::lock_guard lock(mutex_);
    rules_ = rules;
    failures_ = rules.failures;
}

bool Exports::has_ranges() const {
    const std::lock_guard lock(mutex_);
    return rules_.ranges;
}

std::string Exports::begin(const World& world, const ApiOptions& options, const std::string& body, Millis now) {
    const std::lock_guard lock(mutex_);
    if (!options.service_account) throw ApiError(403, "You do not have access to exports.");
    Json request;
    try {
        request = Json::parse(body);
        only(request, {"data"});
        only(request.at("data"), {"workspace", "export_request_parameters"});
        const auto& asked = request["data"].at("export_request_parameters");
        if (!asked.is_array() || asked.size() != 1) refuse("export_request_parameters: one was expected");
        only(asked[0], {"resource_type", "fields", "filters"});
        if (asked[0].at("resource_type") != "task") refuse("resource_type: only tasks can be had here");
    } catch (const Json::exception& error) {
        refuse(error.what());
    }
    const auto named = world.parsed(request["data"].at("workspace").get<std::string>());
    if (!named || named->first != Type::workspace) throw ApiError(404, "workspace: Not a recognized ID");
    const auto workspace = static_cast<Index>(named->second);
    for (const auto& [gid, other] : jobs_)
        if (other->workspace == workspace && !is_over(*other) &&
            now - std::max(other->created, other->asked) < kForgotten)
            throw ApiError(403, "An export of this workspace is already in progress.");
    auto job = std::make_unique<Job>();
    job->gid = std::to_string(9'900'000'000'000 + jobs_.size());
    job->workspace = workspace;
    job->rules = rules_;
    job->created = now;
    job->fails = failures_ > 0;
    failures_ -= job->fails ? 1 : 0;
    for (const auto& field : request["data"]["export_request_parameters"][0].at("fields")) {
        const auto name = field.get<std::string>();
        const std::size_t part = name.rfind(kParts[1], 0) == 0 ? 1 : name.rfind(kParts[2], 0) == 0 ? 2 : 0;
        const auto inner = name.substr(std::string_view(kParts[part]).size());
        job->inside[part] = true;
        if (part == 2 && (inner == "view_url" || inner == "download_url")) continue;  // exports do not have them
        job->fields[part] += (job->fields[part].empty() ? "" : ",") + inner;
    }
    job->file = File(std::tmpfile(), [](std::FILE* file) { std::fclose(file); });
    if (!job->fails) {
        if (job->rules.background)
            job->writer = std::thread([&world, its = job.get()] { write(world, *its, true, true); });
        else if (job->rules.at != "completion")
            write(world, *job, true, job->rules.at == "request");
    }
    const auto answer =
        Json{{"data",
              {{"gid", job->gid},
               {"resource_type", "job"},
               {"resource_subtype", "export_request"},
               {"status", "not_started"},
               {"new_resource_export",
                {{"gid", job->gid + "1"}, {"resource_type", "export_request"}, {"created_at", iso_time(now)}}}}}};
    jobs_.emplace(job->gid, std::move(job));
    return answer.dump();
}

std::string Exports::job(const World& world, const std::string& gid, const std::string& host, Millis now) {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(gid);
    if (found == jobs_.end()) throw ApiError(404, "job: Unknown object: " + gid);
    Job& job = *found->second;
    job.asked = now;
    if (!is_over(job) && !job.rules.never && job.polls++ >= job.rules.polls &&
        (!job.rules.background || job.written || job.fails)) {
        if (!job.fails && !job.rules.background && job.rules.at != "request")
            write(world, job, job.rules.at == "completion", true);
        job.completed = now;
    }
    const bool done = is_over(job) && !job.fails;
    Json answer{{"gid", gid}, {"status", !is_over(job) ? "in_progress" : job.fails ? "failed" : "succeeded"}};
    answer["new_resource_export"] = {{"gid", gid + "1"}, {"download_url", nullptr}};
    if (done)
        answer["new_resource_export"]["download_url"] =
            host + "/export/" + gid + "?expires=" + std::to_string(now + kLinkLife);
    return Json{{"data", answer}}.dump();
}

Exports::File Exports::file(const std::string& gid, const std::string& expires, Millis now) const {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(gid);
    if (found == jobs_.end() || std::atoll(expires.c_str()) < now) return nullptr;
    return found->second->file;
}

// Each half of the tasks.
void Exports::write(const World& world, Job& job, bool first, bool second) {
    std::shared_ptr<const Selection> selections[3];
    const Type types[] = {Type::task, Type::story, Type::attachment};
    for (std::size_t i = 0; i < 3; ++i) selections[i] = selected(types[i], job.fields[i]);
    const int level = job.rules.background ? 1 : 6;
    std::FILE* file = job.file.get();
    const gzFile packed = gzdopen(dup(fileno(file)), level == 1 ? "ab1" : "ab6");
    std::string line;
    Output out{world, line, false};
    const std::size_t tasks = world.tasks.size();
    std::size_t step = job.rules.shuffled ? 7919 : 1;
    while (tasks > 0 && std::gcd(step, tasks) != 1) ++step;
    bool spoil = first;
    for (std::size_t n = 0, t = 0; n < tasks; ++n, t = (t + step) % tasks) {
        const auto task = static_cast<Index>(t);
        if (!(task % 2 == 0 ? first : second) || world.tasks[task].workspace != job.workspace ||
            world.hidden_task(task) || !world.allowed(Type::task, task))
            continue;
        line.clear();
        fake_asana::write(out, Type::task, task, *selections[0]);
        line.pop_back();
        const auto list = [&](const char* name, const auto& objects, const Selection& selection) {
            line += std::string(",\"") + name + "\":[";
            for (std::size_t i = 0; i < objects.size(); ++i) {
                if (i > 0) line += ',';
                fake_asana::write(out, objects[i], selection);
            }
            line += ']';
        };
        if (job.inside[2]) list("attachments", world.task_attachments(task), *selections[2]);
        if (job.inside[1]) list("stories", world.stories(task), *selections[1]);
        line += "}\n";
        if (std::exchange(spoil, false)) {
            if (job.rules.invalid) line.insert(line.size() - 2, ",,");
            if (job.rules.giant >= 0) {
                const auto more = "\"padding\":\"" + std::string(static_cast<std::size_t>(job.rules.giant), 'x') + '"';
                job.rules.nameless ? line.insert(1, more + ',') : line.insert(line.size() - 2, ',' + more);
            }
        }
        gzwrite(packed, line.data(), static_cast<unsigned>(line.size()));
    }
    gzclose(packed);
    job.written = true;
}

}  // namespace fake_asana
