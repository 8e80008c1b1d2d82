// What the store remembers of the rows it has just seen. In memory only: nothing of it is needed after a restart.
//
// No SQL here. Both memories are bounded, and both forget what a rollback took back.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "core/rows.hpp"
#include "store/store.hpp"

namespace taskmirror::store {

// Stands for a row: 128 bits of hash over its table and gid.
struct RowKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const RowKey&) const = default;
};
RowKey row_key(std::uint16_t table, std::string_view gid);

// Which request gave or confirmed the content of a row, for as long as an answer to an older request can still arrive.
class AnswerOrder {
  public:
    // Whether a later request than `sent` has already given this row.
    bool outdated(const RowKey& row, const Sent& sent) const;
    void remember(const RowKey& row, const Sent& sent);
    // Call once per answer: rows that no answer can contest any longer go. Their number stays within twice what is
    // needed.
    void forget_settled(const Sent& sent);

    void clear() { newest_.clear(); }
    std::size_t size() const { return newest_.size(); }

  private:
    struct Hash {
        std::size_t operator()(const RowKey& row) const { return row.low; }
    };
    std::unordered_map<RowKey, std::uint64_t, Hash> newest_;
    std::size_t sweep_at_ = 1024;
};

// Mentions that stand in the database with this very name, so that the next one costs no statement.
class MentionMemory {
  public:
    // Whether the mention must be written; from then on it counts as written.
    bool is_new(const Mention& mention);
    void clear() { names_.clear(); }

  private:
    static constexpr std::size_t kMost = 65536;
    std::unordered_map<std::uint64_t, std::uint64_t> names_;  // row -> row and name
};

}  // namespace taskmirror::store
