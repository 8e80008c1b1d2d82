// Resource exports: jobs, the files that they make, and the links to them. See README.md for what a test can set.
//
// Locks itself; the world is the caller's to lock.
#pragma once

#include <atomic>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api.hpp"
#include "model.hpp"

namespace fake_asana {

struct ExportRules {
    int polls = 1;               // questions that a job answers before it is done
    std::string at = "request";  // when the objects are as the file has them: request, completion, mixed
    int failures = 0;            // jobs that fail first
    bool background = false;     // the file is made by a thread, of a world that nobody changes
    bool ranges = true;          // whether a part of the file can be asked for
    long giant = -1;             // bytes that the first line has more; with `nameless`, before its gid
    bool nameless = false;
    bool invalid = false;  // the first line is no JSON
    bool never = false;    // jobs go on for ever
    bool shuffled = true;  // lines in no order that means anything; else that of the gids
};

class Exports {
  public:
    // A file that is deleted with the last one who reads it.
    using File = std::shared_ptr<std::FILE>;

    ~Exports();

    void make(const ExportRules& rules);
    // The body of a 201; throws ApiError.
    std::string begin(const World& world, const ApiOptions& options, const std::string& body, Millis now);
    // The body of a 200: /jobs/{gid}. `host`: where the files lie.
    std::string job(const World& world, const std::string& gid, const std::string& host, Millis now);
    // What a link leads to; null: it leads nowhere any more.
    File file(const std::string& gid, const std::string& expires, Millis now) const;
    bool has_ranges() const;

  private:
    struct Job {
        std::string gid;
        Index workspace = 0;
        std::string fields[3];  // of tasks, stories and attachments
        bool inside[3] = {true, false, false};
        ExportRules rules;
        int polls = 0;
        bool fails = false;
        Millis created = 0, asked = 0, completed = kNoTime;
        File file;
        std::atomic<bool> written = false;
        std::thread writer;
    };
    static void write(const World& world, Job& job, bool first, bool second);
    static bool is_over(const Job& job) { return job.completed != kNoTime; }

    mutable std::mutex mutex_;
    ExportRules rules_;
    int failures_ = 0;
    std::map<std::string, std::unique_ptr<Job>> jobs_;
};

}  // namespace fake_asana
