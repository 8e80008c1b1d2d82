// /_control: what tests do to the world behind the API's back. The routes stand in README.md.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "delivery.hpp"
#include "exports.hpp"
#include "faults.hpp"
#include "limits.hpp"
#include "model.hpp"

namespace httplib {
struct Response;
}

namespace fake_asana {

// The parts of the server that control requests see and change.
struct Controlled {
    explicit Controlled(const Shape& shape) : world(shape) {}

    World world;
    std::map<std::string, Index> tokens;  // to the user whose token it is
    Millis advanced = 0;                  // what was added to real UTC
    bool free_plan = false;
    bool service_account = false;
    std::unique_ptr<const World> index;     // what search sees while it stands still
    mutable std::shared_mutex world_mutex;  // guards the six above

    std::shared_ptr<Delivery> delivery = std::make_shared<Delivery>();
    Exports exports;

    Faults faults;
    Statistics statistics;
    std::mutex record_mutex;  // guards the two above

    Millis virtual_now() const {
        using namespace std::chrono;
        const std::shared_lock lock(world_mutex);
        return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count() + advanced;
    }
    static Millis monotonic_now() {
        using namespace std::chrono;
        return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    }
};

void control(Controlled& server, const std::string& method, const std::string& path,
             const std::multimap<std::string, std::string>& query, const std::string& body,
             httplib::Response& response);

}  // namespace fake_asana
