// The values of the store: every kind of row, and its bytes.
//
// Each value is a version byte and then the fields of its kind (record_fields.h, event_fields.h).
// Task rows are the exception: they are packed at a fixed width, so that a page is one copy.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "scheduler/core/event.h"
#include "scheduler/core/records.h"

namespace sheaf::store {

/// First byte of every value, and the version that the folder's format file names.
inline constexpr std::uint8_t kFormatVersion = 2;

/// Table::kHead: the end of the history.
struct HeadRow {
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;
  std::uint64_t chain = 0;
  std::int64_t next_id = 1;
  friend bool operator==(const HeadRow&, const HeadRow&) = default;
};

/// Table::kIdentity: whose rows these are.
struct IdentityRow {
  std::string id;  ///< As in the folder's format file.
  friend bool operator==(const IdentityRow&, const IdentityRow&) = default;
};

/// Table::kBatch: which events a batch holds, in the order in which they were decided.
struct BatchRow {
  struct Segment {
    RunId run;  ///< Whose event row holds the next `count` events; invalid: the row of no run.
    std::uint32_t count = 0;
    friend bool operator==(const Segment&, const Segment&) = default;
  };
  std::uint64_t epoch = 0;
  std::uint64_t chain = 0;  ///< Over this batch's events and the chain of the batch before.
  std::vector<Segment> segments;
  friend bool operator==(const BatchRow&, const BatchRow&) = default;
};

/// Table::kEvents: what happened to one run in one batch.
struct EventsRow {
  std::vector<core::Event> events;
};

/// Table::kTasks: up to kTasksPerPage tasks, from task `page * kTasksPerPage`.
struct TasksRow {
  std::vector<core::TaskRow> tasks;
  friend bool operator==(const TasksRow&, const TasksRow&) = default;
};

/// Table::kDetails: the variable part of the tasks of one page.
struct DetailsRow {
  std::map<core::TaskIndex, core::TaskDetails> details;
  friend bool operator==(const DetailsRow&, const DetailsRow&) = default;
};

/// Table::kAttemptRun: `count` attempts from that of the key on belong to the run.
struct RunReferenceRow {
  RunId run;
  std::uint32_t count = 1;
  friend bool operator==(const RunReferenceRow&, const RunReferenceRow&) = default;
};

/// Table::kInputs: what the iterations of a for-each task are given.
struct InputsRow {
  std::string lines;
  friend bool operator==(const InputsRow&, const InputsRow&) = default;
};

/// Table::kDeploymentByName.
struct DeploymentReferenceRow {
  DeploymentId deployment;
  friend bool operator==(const DeploymentReferenceRow&, const DeploymentReferenceRow&) = default;
};

/// Table::kSettings.
struct SettingsRow {
  std::string json;
  friend bool operator==(const SettingsRow&, const SettingsRow&) = default;
};

/// Index rows: the key says it all.
struct MarkRow {
  friend bool operator==(const MarkRow&, const MarkRow&) = default;
};

/// The stored bytes of a row or record. Aborts on ids and enumerators out of range: those are bugs.
template <typename Row>
[[nodiscard]] std::string encode(const Row& row);

/// encode() of the EventsRow that would hold copies of `events`.
[[nodiscard]] std::string encode_events(const std::vector<const core::Event*>& events);

/// The row of these bytes. Fails with kCorrupt on anything but what encode() makes; takes memory in
/// proportion to `bytes`, whatever they say.
template <typename Row>
[[nodiscard]] Result<Row> decode(std::string_view bytes);

}  // namespace sheaf::store
