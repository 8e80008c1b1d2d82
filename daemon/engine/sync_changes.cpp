// What changes the mirror after the first load: events, and what proves that something is gone.
#include <fmt/format.h>

#include <algorithm>

#include "core/log.hpp"
#include "engine/walk.hpp"

namespace taskmirror::engine {
namespace {

constexpr std::string_view kDeleted = "deleted ";  // what events say, and when; and
constexpr std::string_view kAudit = " audit";      // behind it, if it was the audit log

std::optional<Instant> when_deleted(std::string_view said) {
    said.remove_prefix(kDeleted.size());
    return parse_iso(said.substr(0, said.find(' ')));
}

}  // namespace

// What was done since then needs not be done because another object leads to it. Reconciling is spread: each list has a
// period of its own, somewhat shorter than the one that must be kept.
Instant Sync::outdated_before(const source::Stream& stream, std::string_view scope) const {
    const auto& periods = account_.periods;
    if (stream.every == source::Every::pass) return pass_;
    if (stream.every == source::Every::reread) return pass_ - periods.reread;
    if (stream.every == source::Every::once) return store::kOutdated;
    const bool relist = stream.every == source::Every::relist;
    // A daemon begins a pass in each such period; what was done late in the last one is due in this one, too.
    if (relist && serving_) return pass_ - periods.relist / 2;
    const double place = relist ? 0 : static_cast<double>(std::hash<std::string_view>()(scope) % 1000) / 1000;
    return pass_ - std::chrono::floor<Milliseconds>((relist ? periods.relist : periods.reconcile) *
                                                    (kLongestOfPeriod - kSpread * place));
}

// Rows of a table that a walk should have named.
struct Sync::Missing {
    std::string_view table;
    std::string_view looked_at_by;
    std::size_t all = 0;
    std::vector<std::string> gids{};  // those that it did not
};

std::vector<Sync::Missing> Sync::missing(Walk& walk) {
    const auto& stream = stream_of(walk);
    const auto scope = last_of(walk.row.scope);
    std::ranges::sort(walk.seen);
    Missing its{.table = stream.proves, .looked_at_by = stream.looked_at_by};
    its.gids = stream.remembered ? store_.names(walk.row)
                                 : store_.gids(stream.proves, stream.proves_gid, stream.proves_by, scope);
    its.all = its.gids.size();
    std::erase_if(its.gids, [&](const std::string& gid) {
        return std::ranges::binary_search(walk.seen, std::hash<std::string_view>()(gid)) ||
               (!stream.proves_root.empty() && store_.text(stream.proves, stream.proves_root, gid) != walk.row.root) ||
               !proves(stream, gid) || (!stream.others.empty() && is_asked_for(stream_named(stream.others), gid)) ||
               std::ranges::any_of(stream.named_by,
                                   [&](const auto& kin) { return store_.holds(kin.table, kin.column, gid); });
    });
    std::vector<Missing> found{std::move(its)};
    if (const auto& orphans = stream.orphans; !orphans.table.empty()) {
        auto gids = store_.unnamed(orphans.table, orphans.named_by);
        found.push_back(
            {.table = orphans.table, .looked_at_by = orphans.looked_at_by, .all = store_.count(orphans.table)});
        found.back().gids = std::move(gids);
    }
    return found;
}

// Whether lists of the stream name such a row.
bool Sync::proves(const source::Stream& stream, std::string_view gid) const {
    const auto& part = stream.proves_part;
    return part.column.empty() || store_.text(stream.proves, part.column, gid) == part.is;
}

// Whether the one that names this row is asked for.
bool Sync::is_asked_for(const source::Stream& stream, std::string_view gid) const {
    const auto scope = store_.text(stream.proves, stream.proves_by, gid);
    return proves(stream, gid) && !scope.empty() && store_.work(name_, stream.name, scope);
}

// After the last page: what is stored and was not named. False: so much that a second walk must say the same.
bool Sync::sweep(Walk& walk) {
    const auto& stream = stream_of(walk);
    if (stream.proves.empty() || !stream.looks_at.empty() || !walk.whole || !store_.has_indexes() ||
        proves_nothing(walk.row.root))
        return true;
    const auto missing = this->missing(walk);
    const auto many = std::ranges::find_if(missing, [&](const Missing& its) {
        return its.all >= kFewRows &&
               static_cast<double>(its.gids.size()) > account_.deletions.max_share * static_cast<double>(its.all);
    });
    const bool held = many != missing.end() && !stream.follows && !account_.deletions.accepted &&
                      !walk.row.last_error.starts_with(kHeld);
    if (held)
        walk.row.last_error = fmt::format(
            "{}the walk did not name {} of {} in {}; a walk that says the same a day later, or "
            "sync --accept-deletions, removes them",
            kHeld, many->gids.size(), many->all, many->table);
    for (const auto& its : missing)
        for (const auto& gid : its.gids) {
            if (stream.remembered) {
                if (!store_.miss(walk.row, gid) || held) continue;
                if (store_.unname(walk.row, gid))
                    bury(its.table, gid, walk.row.root,
                         {.source = name_, .cause = "not_visible", .detected_by = "walk", .detected_at = now()});
                if (!is_a_member(gid, walk.row.root)) end(gid, walk.row.root);
            } else if (!held && its.looked_at_by.empty()) {
                unlink(walk, gid);
            } else if (!held) {
                ask_for(stream_named(its.looked_at_by), gid, walk.row.root, kMissing);
            }
        }
    return !held;
}

// An edge leaves. What only edges led to, and could never be had, is not missing.
void Sync::unlink(const Walk& walk, std::string_view gid) {
    const auto& stream = stream_of(walk);
    store_.unlink(stream.proves, stream.proves_gid, gid, stream.proves_by, last_of(walk.row.scope));
    const bool is_known = std::ranges::any_of(
        account_.source.remains(), [&](const Remains& its) { return !store_.text(its.table, "gid", gid).empty(); });
    if (!is_known && !store_.holds(stream.proves, stream.proves_gid, gid)) forget(gid);
}

// Moves a row to the tombstones, with what hangs on it, and asks nothing more of them.
void Sync::bury(std::string_view table, std::string_view gid, std::string_view root, store::Burial burial) {
    const auto remains = account_.source.remains();
    const auto its = std::ranges::find(remains, table, &Remains::table);
    const auto ends = its->ends.empty() ? std::string() : store_.text(table, its->ends, gid);
    if (table == account_.source.filtered())
        if (const auto wanted = wanted_.find(gid); wanted != wanted_.end()) wanted_.erase(wanted);
    const auto cause = burial.cause == kExcluded ? kExcluded : "not_visible";
    const auto buried = store_.bury(remains, table, gid, burial);
    ++counters_.tombstones;
    for (const auto& holder : buried.holders) forget(holder, cause);
    if (buried.rows == 0 && !its->followers.empty()) forget(gid, cause);
    if (!ends.empty()) end(ends, root);
}

// The user does not want these rows: they leave, with what hangs on them, what speaks of them and what nothing else
// holds. Nobody is asked, and nothing is held back, for it is the user's word.
void Sync::exclude(std::string_view table, std::vector<std::string> gids, std::string_view root) {
    std::erase_if(gids, [&](const std::string& gid) { return store_.text(table, "mirrored_at", gid).empty(); });
    if (gids.empty()) return;
    store_.set_fact(name_ + ".rewrite", "1");
    const auto& its = remains_of(table);
    const auto exclude_about = [&](const Remains& remains, std::span<const std::string> those) {
        for (const auto& kin : remains.about)
            exclude(kin.table, store_.gids_of_any(kin.table, "gid", kin.column, those), root);
    };
    exclude_about(its, gids);
    std::vector<std::string> below;  // of the same table
    for (const auto& kin : its.followers) {
        const auto& follower = remains_of(kin.table);
        if (kin.table == table)
            below = store_.gids_of_any(kin.table, "gid", kin.column, gids);
        else if (!follower.about.empty())
            exclude_about(follower, store_.gids_of_any(kin.table, "gid", kin.column, gids));
    }
    std::vector<std::vector<std::string>> led_to;
    for (const auto& edge : its.edges)
        led_to.push_back(edge.owner.empty() ? std::vector<std::string>()
                                            : store_.gids_of_any(edge.table, edge.owner_column, edge.column, gids));
    auto own = its.own.table.empty()
                   ? std::vector<std::string>()
                   : store_.gids_of_any(its.own.named_by.table, its.own.by, its.own.named_by.column, gids);

    for (const auto& gid : gids)
        bury(table, gid, root,
             {.source = name_, .cause = std::string(kExcluded), .detected_by = "walk", .detected_at = now()});

    std::erase_if(below, [&](const std::string& gid) { return is_held(table, gid); });
    exclude(table, std::move(below), root);
    for (std::size_t i = 0; i < led_to.size(); ++i) {
        const auto owner = its.edges[i].owner;
        if (owner.empty()) continue;
        const auto unheld = std::stable_partition(led_to[i].begin(), led_to[i].end(),
                                                  [&](const auto& gid) { return is_held(owner, gid); });
        std::vector<std::string> leave(unheld, led_to[i].end());
        led_to[i].erase(unheld, led_to[i].end());
        exclude(owner, std::move(leave), root);
        // Those that stay are read again as they are without the edge.
        const auto look = std::ranges::find_if(account_.source.streams(), [&](const source::Stream& stream) {
            return stream.looks_at == owner && stream.gives_row;
        });
        for (const auto& gid : led_to[i])
            if (!store_.text(owner, "mirrored_at", gid).empty()) ask_for(*look, gid, root);
    }
    std::erase_if(own, [&](const std::string& gid) {
        const auto shared = store_.text(its.own.table, its.own.shared, gid);
        return (!shared.empty() && shared != "0") || store_.holds(its.own.named_by.table, its.own.by, gid);
    });
    if (!own.empty()) exclude(its.own.table, std::move(own), root);
}

// Whether the row is there on which all hangs that the walk names; true, too, if nothing of the kind is said of it.
bool Sync::hangs_on_a_row(const Walk& walk) const {
    const auto& stream = stream_of(walk);
    if (stream.proves.empty() || !stream.looks_at.empty()) return true;
    bool hangs = false;
    for (const auto& remains : account_.source.remains())
        for (const auto kins : {remains.followers, remains.edges})
            for (const auto& kin : kins) {
                if (kin.table != stream.proves || kin.column != stream.proves_by) continue;
                if (!store_.text(remains.table, "mirrored_at", last_of(walk.row.scope)).empty()) return true;
                hangs = true;
            }
    return !hangs;
}

// Whether an edge to a row that is wanted, or the row above it, holds it.
bool Sync::is_held(std::string_view table, std::string_view gid) const {
    for (const auto& remains : account_.source.remains())
        for (const auto& edge : remains.edges)
            if (edge.owner == table && remains.table == account_.source.filtered() &&
                std::ranges::any_of(store_.gids(edge.table, edge.column, edge.owner_column, gid),
                                    [&](const std::string& end) { return wanted_.contains(end); }))
                return true;
    const auto& its = remains_of(table);
    const auto above = its.above.empty() ? std::string() : store_.text(table, its.above, gid);
    return !above.empty() && !store_.text(table, "mirrored_at", above).empty();
}

// Of one workspace: what stands in no wanted row, nor below something that does.
void Sync::exclude_unheld(std::string_view root) {
    for (const auto& edge : remains_of(account_.source.filtered()).edges) {
        if (edge.owner.empty()) continue;
        const auto column = remains_of(edge.owner).root;
        std::vector<std::string> unheld;
        std::string last;
        for (auto gids = store_.gids_after(edge.owner, last, kRotateAtOnce); !gids.empty();
             gids = store_.gids_after(edge.owner, last, kRotateAtOnce)) {
            last = gids.back();
            for (auto& gid : gids)
                if (store_.text(edge.owner, column, gid) == root && !is_held(edge.owner, gid))
                    unheld.push_back(std::move(gid));
        }
        exclude(edge.owner, std::move(unheld), root);
    }
}

const Remains& Sync::remains_of(std::string_view table) const {
    return *std::ranges::find(account_.source.remains(), table, &Remains::table);
}

// Before anything is written.
void Sync::check_redaction_key() {
    const auto key = account_.source.redaction_key();
    const auto known = store_.fact(store::kRedactKey).value_or("");
    if (!key.empty() && !known.empty() && key != known)
        throw Fatal(ExitCode::configuration,
                    fmt::format("source {}: the key of redacted texts is not the one with which texts in the database "
                                "were hashed; put the right file back from a backup, or begin with a new database",
                                name_));
}

// A text that is to be stored no more, or otherwise, leaves at once; what stands in its place comes with the next walk.
void Sync::note_redactions() {
    if (const auto key = account_.source.redaction_key(); !key.empty()) store_.set_fact(store::kRedactKey, key);
    const auto fact = name_ + ".redactions";
    const auto before = store_.fact(fact).value_or("");
    std::string now;
    for (const auto& texts : account_.source.redactions()) {
        const auto rule = fmt::format("{}.{} {} {}={}\n", texts.table, texts.column,
                                      kRedactNames[static_cast<std::size_t>(texts.how)], texts.where, texts.is);
        now += rule;
        if (before.find(rule) != std::string::npos) continue;
        if (store_.blank(texts)) store_.set_fact(name_ + ".rewrite", "1");
    }
    if (now != before) store_.set_fact(fact, now);
}

// What was excluded or redacted remains in free parts of the file until it is written anew.
void Sync::rewrite() {
    const auto key = name_ + ".rewrite";
    if (store_.fact(key).value_or("").empty()) return;
    log::info("writing the database anew, without what was excluded or redacted");
    try {
        store_.rewrite();
    } catch (const Fatal& fatal) {  // it takes as much room again
        if (fatal.code() != ExitCode::disk) throw;
        log::warning("what was excluded or redacted may remain in free parts of the file until the next pass: {}",
                     fatal.what());
        return;
    }
    open_group();
    store_.set_fact(key, "");
    commit_group();
}

// Whether the object stands in another list than this one, as far as the rows tell. Of what is only mentioned no list
// is asked for.
bool Sync::leads_there(std::string_view look, std::string_view gid, const source::Stream* but) const {
    const auto streams = account_.source.streams();
    return std::ranges::any_of(streams, [&](const source::Stream& list) {
        if (list.looked_at_by != look || !list.looks_at.empty() || &list == but) return false;
        if (list.proves_gid == "gid") {
            const auto above = store_.text(list.proves, list.proves_by, gid);
            const auto its = std::ranges::find_if(account_.source.remains(), [&](const Remains& remains) {
                return std::ranges::any_of(remains.followers, [&](const auto& kin) {
                    return kin.table == list.proves && kin.column == list.proves_by;
                });
            });
            return !above.empty() &&
                   (its == account_.source.remains().end() || !store_.text(its->table, "mirrored_at", above).empty());
        }
        const auto end = std::ranges::find_if(streams, [&](const source::Stream& stream) {
            return stream.proves == list.proves && !stream.looks_at.empty();
        });
        return std::ranges::any_of(
            store_.gids(list.proves, list.proves_by, list.proves_gid, gid), [&](const auto& from) {
                return end == streams.end() || !store_.text(end->looks_at, "mirrored_at", from).empty();
            });
    });
}

// Whether the person belongs to the workspace still, though no list of people says so.
bool Sync::is_a_member(std::string_view person, std::string_view root) const {
    return std::ranges::any_of(account_.source.remains(), [&](const Remains& its) {
        if (its.ends.empty()) return false;
        const auto list = std::ranges::find_if(account_.source.streams(), [&](const source::Stream& stream) {
            return stream.proves == its.table && stream.looks_at.empty();
        });
        return std::ranges::any_of(store_.gids(its.table, "gid", its.ends, person), [&](const std::string& gid) {
            return store_.text(its.table, list->proves_by, gid) == root;
        });
    });
}

// The person is of this workspace no more: what only the lists of theirs lead to is looked at.
void Sync::end(std::string_view person, std::string_view root) {
    for (const auto& list : account_.source.streams()) {
        if (list.proves_root.empty()) continue;
        for (const auto& gid : store_.gids(list.proves, list.proves_gid, list.proves_by, person))
            if (store_.text(list.proves, list.proves_root, gid) == root && !leads_there(list.looked_at_by, gid, &list))
                ask_for(stream_named(list.looked_at_by), gid, root, kMissing);
    }
    forget(fmt::format("{}/{}", root, person));
}

// What the scope stands for is gone: no work of it stays, and what could not be had of it is not missing.
void Sync::forget(std::string_view scope, std::string_view cause) {
    for (const auto& stream : account_.source.streams()) {
        const auto list = row_of(stream, scope, {}, Class::walk);
        if (stream.remembered)
            for (const auto& gid : store_.names(list))
                if (store_.unname(list, gid))
                    bury(stream.proves, gid, {},
                         {.source = name_, .cause = std::string(cause), .detected_by = "parent", .detected_at = now()});
        store_.heal_gap(name_, stream.name, scope, now());
        if (!stream.gathers.empty()) release(scope);
        const auto row = store_.work(name_, stream.name, scope);
        if (!row) continue;
        store_.forget(*row);
        polls_.remove(key_of(*row));
        if (active_.contains(key_of(*row)))
            forgotten_.insert(key_of(*row));
        else if (row->due_at && *row->due_at <= due_now())
            --backlog_[row->stream];
    }
}

// The walk is complete; what it found missing waits for the next one.
void Sync::hold(Walk& walk) {
    const auto why = walk.row.last_error;
    start_over(walk);
    walk.row.last_done_at = now();
    walk.row.due_at = now() + kLookAgain;
    walk.row.attempts = 1;  // nobody walks it before that
    store_.save(walk.row);
    log::warning("gap stream={} scope={} why=\"{}\"", walk.row.stream, walk.row.scope, why);
    store_.open_gap({.source = name_,
                     .stream = walk.row.stream,
                     .scope = walk.row.scope,
                     .status = std::nullopt,
                     .message = why,
                     .seen_at = now(),
                     .retry_at = walk.row.due_at});
}

// Another token is another world: what it does not see need not be gone.
void Sync::note_user(const std::string& fact, const std::string& user) {
    user_ = user;
    const auto key = name_ + "." + fact;
    const auto before = store_.fact(key);
    other_user_ = before && *before != user && !account_.deletions.accepted;
    if (other_user_) {
        log::warning(
            "the token is of user {}, the rows are of user {}: nothing is removed until sync --accept-deletions", user,
            *before);
        return;
    }
    store_.set_fact(key, user);
}

// It waits for the last page, which another process may walk.
void Sync::note_watermark(const Walk& walk) {
    const auto name = stream_of(walk).token_stream;
    if (name.empty() || !stream_named(name).watermark) return;
    auto row = store_.work(name_, name, walk.row.scope)
                   .value_or(row_of(stream_named(name), walk.row.scope, walk.row.root, Class::fresh));
    row.pending_cursor = iso(walk.watermark.value());
    row.pending_at = now();
    store_.save(row);
}

// A workspace that several accounts see is mirrored by one of them alone, for a list under one token proves nothing of
// what another token sees: by the first that has seen it, until that one is not configured any more, or does not see
// it or ask for it. The rows stay; until the user accepts it, they are taken for what the user before saw.
void Sync::note_owners(const std::vector<std::string>& asked) {
    store_.set_fact(name_ + ".workspaces", fmt::format("{}", fmt::join(asked, " ")));
    const auto before = store_.fact(name_ + ".token_user").value_or("");  // of the rows, as far as they are ours
    const auto known = std::exchange(others_roots_, {});
    others_rows_.clear();
    auto owners = store_.owners();
    for (const auto& [root, owner] : owners)
        if (owner.source != name_) others_roots_.insert(root);
    for (const auto& root : asked) {
        auto owner = owners[root];
        if (!owner.source.empty() && owner.source != name_) {
            const bool stays = keeps(owner.source, root);
            store_.hand_over(stays ? name_ : owner.source, stays ? owner.source : name_, root, now());
            if (stays) {
                if (!known.contains(root))
                    log::info("workspace {} is mirrored by source {}, not by source {}", root, owner.source, name_);
                continue;
            }
            others_roots_.erase(root);
            // Lists above workspaces open all of it, however recently they were walked.
            const auto* const me = &account_.source.streams()[account_.source.roots().front().stream];
            for (const auto& stream : account_.source.streams())
                for (auto& row :
                     &stream == me ? std::vector<store::Work>() : store_.with_root(name_, stream.name, "")) {
                    row.last_done_at = store::kOutdated;
                    store_.save(row);
                }
            log::warning("workspace {} is mirrored by source {} from now on, source {} does not any more", root, name_,
                         owner.source);
        }
        if (owner.user.empty()) owner.user = before;
        if (owner.user != user_ && account_.deletions.accepted) owner.user = user_;
        if (owner.user != user_) {
            others_rows_.insert(root);
            if (!other_user_)
                log::warning(
                    "the token is of user {}, the rows of workspace {} are of user {}: nothing is removed there until "
                    "sync --accept-deletions",
                    user_, root, owner.user);
        }
        if (owner.source == name_ && owners[root].user == owner.user) continue;
        store_.set_owner(root, {.source = name_, .user = owner.user});
    }
}

// Whether that account is configured, and asked for the workspace and saw it when it was last answered.
bool Sync::keeps(const std::string& account, const std::string& root) {
    const auto asked = ' ' + store_.fact(account + ".workspaces").value_or("") + ' ';
    return account_.accounts.contains(account) && asked.find(' ' + root + ' ') != std::string::npos;
}

// A workspace that the token does not see any more is another matter than a deletion: nothing in it is asked for, and
// its rows stay as they are.
void Sync::note_roots(const std::vector<std::string>& visible, const std::string& stream) {
    const auto key = name_ + ".roots";
    const auto owners = store_.owners();
    std::string known;
    lost_roots_.clear();
    const auto before = store_.fact(key).value_or("");
    for (std::string_view rest = before; !rest.empty();) {
        const auto root = std::string(rest.substr(0, rest.find(' ')));
        rest.remove_prefix(std::min(root.size() + 1, rest.size()));
        const auto owner = owners.find(root);
        if (owner != owners.end() && owner->second.source != name_) {
            store_.hand_over(name_, owner->second.source, root, now());
            continue;
        }
        known += (known.empty() ? "" : " ") + root;
        if (std::ranges::find(visible, root) == visible.end()) lost_roots_.emplace(root);
    }
    for (const auto& root : lost_roots_) {
        log::warning("the token does not see workspace {} any more; its rows stay as they are", root);
        store_.open_gap({.source = name_,
                         .stream = stream,
                         .scope = root,
                         .status = std::nullopt,
                         .message = "the token does not see this workspace any more; its rows stay as they are",
                         .seen_at = now(),
                         .retry_at = std::nullopt});
    }
    for (const auto& root : visible) {
        if (others_roots_.contains(root)) continue;
        store_.heal_gap(name_, stream, root, now());
        if ((' ' + known + ' ').find(' ' + root + ' ') == std::string::npos) known += (known.empty() ? "" : " ") + root;
    }
    store_.set_fact(key, known);
}

// After the token was replaced: until the answer is there, nothing is taken for gone.
void Sync::ask_whose_token() {
    user_known_ = false;
    open_group();
    for (const auto& root : account_.source.roots())
        ask_for(account_.source.streams()[root.stream], root.scope, root.root);
}

// A complete walk proves everything up to its first page.
void Sync::keep_watermark(Walk& walk, Instant done) {
    if (!walk.watermark) return;  // a walk that another process began, and noted
    const auto& stream = stream_of(walk);
    if (stream.lags && walk.row.pending_cursor.empty())
        walk.row.pending_cursor = walk.row.cursor;  // it tells since then
    // The first time goes back somewhat more: lists may have been asked for just then.
    if (stream.watermark)
        walk.row.cursor = iso(stream.lags && walk.row.cursor.empty() ? *walk.watermark - kOverlap : *walk.watermark);
    for (const auto& changes : account_.source.streams()) {
        const bool its_token = changes.watermark && changes.name == stream.token_stream;
        if (!its_token && changes.net_of != stream.name) continue;
        auto row = row_of(changes, walk.row.scope, walk.row.root, its_token ? Class::fresh : Class::walk);
        if (auto stored = store_.work(name_, changes.name, walk.row.scope)) row = std::move(*stored);
        row.cursor = iso(*walk.watermark);
        row.last_done_at = done;
        store_.save(row);
        if (its_token) note_poll(row);
    }
}

// The second net is cast for what was not walked, nor asked for, within the period; and so is a search for all.
void Sync::cast_nets() {
    for (const auto& stream : account_.source.streams()) {
        const bool again = is_made_again(stream);
        if (stream.net_of.empty() && !again) continue;
        for (auto& row : store_.with_cursor(name_, stream.name)) {
            if (row.due_at || row.last_done_at >= outdated_before(stream, row.scope)) continue;
            if (again) row.order_key = row_of(stream, row.scope, row.root, Class::reconcile).order_key;
            row.due_at = pass_;
            store_.save(row);
        }
    }
}

// An object that was looked at is not there. It leaves its table if an event said that it was deleted, if a walk did
// not name it, or if this is the second look; before that it is a gap, and its row stays.
void Sync::gone(WalkPtr pointer, std::uint64_t request, int status, const std::string& why) {
    auto& walk = *pointer;
    if (lost_roots_.contains(walk.row.root)) return skip(walk);
    const bool deleted = walk.row.cursor.starts_with(kDeleted);
    const bool second = walk.row.cursor == kMissing || was_refused(walk.row);
    const auto& table = stream_of(walk).looks_at;
    if (!deleted && (!second || is_of_other_user(walk.row.root))) {
        if (store_.text(table, "mirrored_at", walk.row.scope).empty()) skip_what_comes_after(walk);
        return end_in_gap(walk, status, why, kLookAgain);
    }
    const auto now = this->now();
    const auto remains = account_.source.remains();
    const auto its = std::ranges::find(remains, table, &Remains::table);
    const auto above = its->above.empty() ? std::string() : store_.text(table, its->above, walk.row.scope);
    open_group();
    store_.as_one([&] {
        const auto& stream = stream_of(walk);
        const auto edges = [&] {
            return stream.proves.empty()
                       ? std::vector<std::string>()
                       : store_.gids(stream.proves, stream.proves_gid, stream.proves_by, walk.row.scope);
        };
        const auto led_to = edges();
        if (!deleted)
            for (const auto& kin : its->followers)
                if (kin.table == table)
                    for (const auto& gid : store_.gids(table, "gid", kin.column, walk.row.scope))
                        ask_for(stream_of(walk), gid, walk.row.root, kMissing);
        carriers_of(table, walk.row.scope, walk.row.root);
        bury(table, walk.row.scope, walk.row.root,
             {.source = name_,
              .cause = deleted ? "deleted" : "not_visible",
              .deleted_at = deleted ? when_deleted(walk.row.cursor) : std::nullopt,
              .detected_by = !deleted                            ? "walk"
                             : walk.row.cursor.ends_with(kAudit) ? "audit"
                                                                 : "event",
              .detected_at = now,
              .sent = sent(request)});
        if (!above.empty() && !store_.text(table, "gid", above).empty()) ask_for(stream_of(walk), above, walk.row.root);
        const bool stay = !edges().empty();
        for (const auto& gid : led_to)
            if (stay || !leads_there(stream.looked_at_by, gid, nullptr))
                ask_for(stream_named(stream.looked_at_by), gid, walk.row.root, kMissing);
        store_.done(walk.row, now);
        store_.heal_gap(name_, walk.row.stream, walk.row.scope, now);
    });
    leave(walk);
}

// What belongs to an object that was never seen is as hidden as that. When it is seen, it asks for it.
void Sync::skip_what_comes_after(const Walk& look) {
    open_group();
    store_.as_one([&] {
        for (const auto& stream : account_.source.streams()) {
            if (stream.after != stream_of(look).name) continue;
            const auto row = store_.work(name_, stream.name, look.row.scope);
            if (!row || active_.contains(key_of(*row))) continue;
            store_.done(*row, now());
            store_.heal_gap(name_, stream.name, look.row.scope, now());
            if (row->due_at && *row->due_at <= due_now()) --backlog_[row->stream];
        }
    });
}

// The events of an object are refused, so it is looked at itself. If it comes back, its list is walked from the start.
void Sync::forget_token(Walk& walk) {
    const auto& stream = stream_of(walk);
    const auto now = this->now();
    walk.row.cursor.clear();
    polls_.remove(key_of(walk.row));
    open_group();
    store_.as_one([&] {
        store_.done(walk.row, now);
        no_more_hints(walk);
        store_.heal_gap(name_, walk.row.stream, walk.row.scope, now);
        const auto* list = list_of(stream);
        if (auto row = list != nullptr ? store_.work(name_, list->name, walk.row.scope) : std::nullopt) {
            row->resume.clear();
            row->resumed_at.reset();
            row->walked = 0;
            row->last_done_at = store::kOutdated;
            store_.save(*row);
            if (auto* const under_way = overtake(*row)) under_way->row.last_done_at = store::kOutdated;
        }
        ask_for(stream_named(stream.looked_at_by), walk.row.scope, walk.row.root, kMissing);
    });
    leave(walk);
}

// Its list is refused before its events were asked for: it may have gone since.
void Sync::look_at_scope(const Walk& walk) {
    const auto looked_at_by = stream_named(stream_of(walk).token_stream).looked_at_by;
    if (looked_at_by.empty()) return;
    open_group();
    store_.as_one([&] { ask_for(stream_named(looked_at_by), walk.row.scope, walk.row.root, kMissing); });
}

// An event token is too old: what it would have told is lost. The fresh one waits until its list is walked again.
void Sync::expired(WalkPtr walk, const http::Response& response) {
    if (!read_token(walk, response)) return;
    const auto* list = list_of(stream_of(*walk));
    if (list == nullptr) return give_up(std::move(walk), response.status, "a token that nothing waits for", kLookAgain);
    log::info("events expired stream={} scope={}", walk->row.stream, walk->row.scope);
    const auto now = this->now();
    auto& row = walk->row;
    row.cursor.clear();
    row.pending_cursor = *answer_.token;
    row.pending_at = now;
    polls_.remove(key_of(row));
    open_group();
    store_.as_one([&] {
        store_.done(row, now);
        no_more_hints(*walk);
        ask_for(*list, row.scope, row.root);
        walk_again(stream_of(*walk), row.root);
        store_.heal_gap(name_, row.stream, row.scope, now);
    });
    leave(*walk);
}

// What a stream of the whole workspace would have told is lost: the lists are walked of whose streams it took the
// place.
void Sync::walk_again(const source::Stream& tokens, const std::string& root) {
    for (const auto& list : account_.source.streams()) {
        if (list.token_stream.empty() || stream_named(list.token_stream).replaced_by != tokens.name) continue;
        for (const auto& row : store_.with_root(name_, list.name, root)) ask_for(list, row.scope, root);
    }
}

// However recently it was done, and though an answer is on its way.
void Sync::ask_for(const source::Stream& stream, std::string_view scope, std::string_view root, std::string_view said) {
    const bool look = stream.kind == source::Kind::one_off;
    auto row = row_of(stream, scope, root, look ? Class::fresh : Class::walk);
    row.due_at = due_now();
    if (!queue_anew(row)) {
        auto waiting = said.empty() ? std::nullopt : store_.work(name_, row.stream, row.scope);
        if (!waiting) return;
        // A look for another reason is one that a walk which misses the object asks for as well.
        const auto active = active_.find(key_of(row));
        if (waiting->cursor.empty() && (active != active_.end() || !was_refused(*waiting))) {
            store_.say(row, said);
            if (active != active_.end()) active->second->row.cursor = said;
            return;
        }
        // A look that was refused waits for its second one; a walk that misses the object is reason enough for it.
        if (!was_refused(*waiting) || active != active_.end()) return;
        waiting->attempts = 0;
        waiting->due_at = due_now();
        store_.save(*waiting);
    }
    ++backlog_[row.stream];
    if (!said.empty()) store_.say(row, said);
}

// What is known by now may be news to an answer that is on its way, and to the pages that a walk has behind it: neither
// counts. True if the row was not due before.
bool Sync::queue_anew(const store::Work& row, const std::optional<std::string>& said) {
    const bool queued = store_.queue(row, now() + Milliseconds(1));
    const std::string_view word = said && *said != kMoved ? std::string_view(*said) : std::string_view();
    if (said) store_.say(row, word);
    if (auto* const walk = overtake(row); walk != nullptr && said && !walk->row.recurring) walk->row.cursor = word;
    return queued;
}

// The walk under way, if there is one: it begins again.
Sync::Walk* Sync::overtake(const store::Work& row) {
    const auto found = active_.find(key_of(row));
    if (found == active_.end()) return nullptr;
    found->second->overtaken = true;
    return found->second;
}

}  // namespace taskmirror::engine
