// What the running batch will write: events as they are applied, and the records they changed,
// which later commands of the same batch must see. Core thread only.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/core/core.h"
#include "scheduler/store/store.h"

namespace sheaf::engine {

class Pending {
 public:
  /// Takes note of an event that was applied.
  void note(core::Event event);

  [[nodiscard]] bool is_empty() const { return events_.empty(); }
  /// Events noted since the last take().
  [[nodiscard]] std::size_t event_count() const { return event_count_; }

  /// Everything noted, with the rows of the runs that `state` says are dirty; clears both. The
  /// number is `head.batch + 1`.
  [[nodiscard]] store::Batch take(core::State& state, const store::Head& head);

  // What this batch changed; an outer nullopt means "ask the store", an inner one "deleted".
  [[nodiscard]] std::optional<std::optional<core::JobRecord>> job(JobId job) const;
  [[nodiscard]] std::optional<std::optional<core::DeploymentRecord>> deployment(
      const std::string& bundle, const std::string& target) const;
  [[nodiscard]] std::optional<std::string> settings(const std::string& digest) const;
  [[nodiscard]] std::optional<core::ReceiptRecord> receipt(const std::string& key) const;
  [[nodiscard]] std::optional<core::AlertRecord> alert(AlertId alert) const;
  [[nodiscard]] bool has_deleted(RunId run) const;

 private:
  std::vector<store::Batch::RunEvents> events_;
  std::size_t event_count_ = 0;
  store::Batch records_;
};

}  // namespace sheaf::engine
