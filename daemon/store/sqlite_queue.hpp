// The statements on sync_work. What is due and how it is ordered is decided by whoever writes the rows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite_statement.hpp"
#include "store/store.hpp"

namespace taskmirror::store {

// ?1 source, ?2 now, ?3 limit, ?4 from, ?5 below. Its plan is pinned by a test: half a million rows may wait.
std::string due_sql();

// See Store for what each does.
class Queue {
  public:
    explicit Queue(sqlite3* database);

    bool queue(const Work& work, Instant pass);
    void say(const Work& work, std::string_view said);
    void make_cursors_due(std::string_view source, std::string_view stream, Instant at);
    std::vector<Work> due(std::string_view source, Instant now, std::size_t limit, Orders orders);
    std::vector<Work> with_cursor(std::string_view source, std::string_view stream);
    std::vector<Work> with_root(std::string_view source, std::string_view stream, std::string_view root);
    std::optional<Work> work(std::string_view source, std::string_view stream, std::string_view scope);
    std::vector<Work> waiting(std::string_view source, std::string_view scope);
    void save(const Work& work);
    void done(const Work& work, Instant now);
    void forget(const Work& work);
    void drop(std::string_view source, std::string_view stream);
    void clock_went_back(std::string_view source, Instant now);
    std::map<std::string, std::int64_t> backlog(std::string_view source, Instant at);

  private:
    Statement queue_, raise_, sooner_, anew_, due_, with_cursor_, with_root_, work_, save_, done_, remove_,
        drop_one_off_, rest_, backlog_, clock_, say_, cursors_due_, waiting_;
};

}  // namespace taskmirror::store
