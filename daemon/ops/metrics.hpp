// The metrics of a running daemon, in Prometheus' text format 0.0.4. Labels are few and bounded: no gid, no text of
// users. https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/log.hpp"
#include "ops/status_page.hpp"

namespace taskmirror::ops {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

struct Metric {
    std::string_view name;
    MetricType type;
    std::string_view labels;  // "source, class"
    std::string_view help;
};

// All there are; docs/monitoring.md has the same table.
std::span<const Metric> metrics();

// Of this process, from /proc/self.
struct Process {
    double cpu_seconds = 0;
    double resident_bytes = 0, virtual_bytes = 0;
    double threads = 0;
    double open_descriptors = 0, most_descriptors = 0;
};
Process process();

struct Versions {
    std::string taskmirror{}, sqlite{}, curl{};
};

std::string metrics_text(const Seen& seen, const Process& process, const Versions& versions,
                         const std::array<std::uint64_t, log::kLevelNames.size()>& log_messages);

}  // namespace taskmirror::ops
