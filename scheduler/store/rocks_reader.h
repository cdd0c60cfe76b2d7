// store::Reader over a RocksDB snapshot.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <rocksdb/db.h>

#include "scheduler/store/keys.h"
#include "scheduler/store/reader.h"
#include "scheduler/store/rows.h"

namespace sheaf::store {

class RocksReader final : public Reader {
 public:
  /// Sees what is committed now. `db` must outlive the reader.
  explicit RocksReader(rocksdb::DB& db);
  ~RocksReader() override;
  RocksReader(const RocksReader&) = delete;
  RocksReader& operator=(const RocksReader&) = delete;

  [[nodiscard]] Result<std::optional<core::JobRecord>> job(JobId job) const override;
  [[nodiscard]] Result<std::vector<core::JobRecord>> jobs(JobId after,
                                                          std::size_t limit) const override;
  [[nodiscard]] Result<std::string> settings(std::string_view digest) const override;
  [[nodiscard]] Result<std::optional<core::DeploymentRecord>> deployment(
      std::string_view bundle, std::string_view target) const override;
  [[nodiscard]] Result<std::vector<core::DeploymentRecord>> deployments() const override;
  [[nodiscard]] Result<std::vector<core::DeploymentRecord>> deployment_versions(
      DeploymentId deployment) const override;
  [[nodiscard]] Result<std::optional<core::RunRecord>> run_record(RunId run) const override;
  [[nodiscard]] Result<std::optional<RunView>> run(RunId run) const override;
  [[nodiscard]] Result<std::vector<core::RunRecord>> runs(const RunFilter& filter) const override;
  [[nodiscard]] Result<std::string> iteration_inputs(RunId run, std::uint32_t block) const override;
  [[nodiscard]] Result<std::optional<RunId>> run_of_attempt(AttemptId attempt) const override;
  [[nodiscard]] Result<std::vector<core::ScheduleRecord>> schedules() const override;
  [[nodiscard]] Result<std::vector<core::SkippedFire>> skipped_fires(
      JobId job, std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<core::WorkerRecord>> workers() const override;
  [[nodiscard]] Result<std::vector<core::PoolRecord>> pools() const override;
  [[nodiscard]] Result<std::optional<core::ReceiptRecord>> receipt(
      std::string_view key) const override;
  [[nodiscard]] Result<std::optional<core::AlertRecord>> alert(AlertId alert) const override;
  [[nodiscard]] Result<std::vector<core::AlertRecord>> pending_alerts(
      std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<core::AlertRecord>> alerts_of_run(RunId run) const override;
  [[nodiscard]] Result<std::optional<core::HookSecretRecord>> hook_secret(
      JobId job, std::string_view hook) const override;
  [[nodiscard]] Result<std::optional<BatchEvents>> batch(std::uint64_t number) const override;

  /// Ids of runs that have not ended, in order.
  [[nodiscard]] Result<std::vector<RunId>> unfinished_runs() const;

  /// The row at `key`, or nothing.
  template <typename Row>
  [[nodiscard]] Result<std::optional<Row>> find(const Key& key) const;

  /// The bytes at `key`, or nothing.
  [[nodiscard]] Result<std::optional<std::string>> find_bytes(const Key& key) const;

 private:
  enum class Order { kForward, kBackward };
  /// Gets each key and value; false ends the scan.
  using OnRow = std::function<Result<bool>(std::string_view key, std::string_view value)>;

  struct Range {
    std::string begin;
    std::string end;  ///< Not part of it.
    Order order = Order::kForward;
  };

  [[nodiscard]] static Range all_with(const Key& prefix);
  [[nodiscard]] Result<void> scan(const Range& range, const OnRow& on_row) const;
  template <typename Row>
  [[nodiscard]] Result<std::vector<Row>> collect(const Range& range, std::size_t limit) const;
  [[nodiscard]] Result<void> read_tasks(RunView& view) const;
  /// One page of either kind, by its number within the run.
  [[nodiscard]] Result<std::vector<core::AlertRecord>> alerts_of(const Range& range,
                                                                 std::size_t limit) const;

  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
};

}  // namespace sheaf::store
