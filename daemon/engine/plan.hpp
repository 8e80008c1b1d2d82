// What a first sync would cost, told before it is made: by the same table of streams, of which only a sample is asked.
//
// Lists of which there are few are walked. Of the others a sample is; where the API counts what a list names, its first
// page and that count do. What these pages open is multiplied up to the streams below. Writes nothing, needs no
// database. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/sync.hpp"

namespace taskmirror::engine {

// A number that was estimated, and the variance of the estimate.
struct Estimate {
    double mean = 0;
    double variance = 0;

    double low() const;   // the truth is not below this, nor
    double high() const;  // above this, in 99 of 100 cases; at least what is known
};

struct Planned {
    std::uint16_t stream = 0;  // index into the source's
    double scopes = 0;         // lists or objects that it asks for
    Estimate requests;
    std::set<std::string_view> tables;  // that its pages fill
    bool is_sample = false;             // not all of its pages were asked for
};

struct PlanOptions {
    std::size_t sample = 25;    // lists or objects of a stream that are asked for,
    std::size_t large = 100;    // of a stream that has a thousand and more,
    std::size_t counted = 400;  // and of one whose objects the API counts: most of the rest depends on them
    std::uint64_t seed = 1;     // of the sample
};

class Plan {
  public:
    Plan(Account account, const Clock& clock, PlanOptions options = {});
    ~Plan();
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;

    // False: it was stopped. Throws Fatal when the API does not answer or refuses the token.
    bool run(const std::atomic<bool>& stop, const std::function<void(const Progress&)>& watch);

    const std::vector<Planned>& streams() const { return planned_; }  // those with requests, in the order of a sync
    // Workspace and feature, of those that the plan lacks.
    const std::set<std::pair<std::string, std::string_view>>& features_off() const { return features_off_; }
    std::uint64_t refused() const { return refused_; }  // lists of the sample that could not be had
    const Progress& progress() const { return progress_; }

  private:
    struct Scope {
        std::string scope, root;
        bool operator==(const Scope&) const = default;
    };
    // What waits to be asked for by one stream.
    struct Waiting {
        std::vector<Scope> known;
        std::unordered_map<std::string, std::uint16_t> seen{};  // all that were ever known, and the stream that told
        double weight = 0;  // of the known ones: a task of two projects is half of each
        Estimate beyond;    // those of which only the number is known
    };
    struct Sampled;  // one scope of the sample, and what came of it
    struct Ask;      // one request for it
    using AskPtr = std::unique_ptr<Ask>;

    void take(std::uint16_t index, Waiting waiting);
    source::Work work_of(const Ask& ask) const;
    void ask(std::span<Sampled> sample);
    void plan_tokens(const source::Stream& list, std::span<const Sampled> sample, const Estimate& all);
    void plan_searches();
    bool is_token(std::uint16_t index) const;
    bool is_exported(const source::Stream& list, const std::string& root);
    void extrapolate(std::uint16_t index, std::span<const Sampled> sample, const Estimate& all);
    void send();
    void answered(const http::Response& response);
    void read(AskPtr ask, const http::Response& response);
    void open(const Ask& ask);
    double weight_of(std::uint16_t index, const Entity& entity) const;
    std::size_t edges(const source::Stream& list, const Entity& entity) const;
    void report(bool now);
    const source::Stream& stream(std::uint16_t index) const { return account_.source.streams()[index]; }
    std::uint16_t index_of(std::string_view name) const;

    Account account_;
    const Clock& clock_;
    PlanOptions options_;
    std::mt19937_64 random_;
    std::map<std::uint16_t, Waiting> waiting_;
    std::map<std::uint16_t, Planned> found_;
    struct Searched {
        std::set<std::string> workspaces{};
        Estimate objects{};
    };
    std::map<std::string_view, Searched> searched_;  // by search
    std::vector<Planned> planned_;
    std::set<std::pair<std::string, std::string_view>> features_off_;
    std::set<std::pair<std::string, std::string_view>> has_tokens_;  // workspace and stream of tokens
    std::set<std::string> exportable_, exported_;                    // workspaces
    std::uint64_t refused_ = 0;

    const std::atomic<bool>* stop_ = nullptr;
    std::function<void(const Progress&)> watch_;
    std::deque<AskPtr> to_send_;
    std::map<std::uint64_t, AskPtr> in_flight_;
    std::uint64_t last_request_ = 0;
    source::Answer answer_;
    source::Gids wanted_;  // rows of the table that is filtered
    Progress progress_;
    std::deque<Monotonic> recent_requests_;
    Monotonic last_report_{};
};

}  // namespace taskmirror::engine
