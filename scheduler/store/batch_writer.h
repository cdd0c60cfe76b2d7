// One Batch as one RocksDB WriteBatch: rows, index rows and the head.
#pragma once

#include <optional>
#include <set>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "common/base/result.h"
#include "scheduler/store/keys.h"
#include "scheduler/store/rows.h"
#include "scheduler/store/store.h"

namespace sheaf::store {

class BatchWriter {
 public:
  /// `unfinished` holds the runs that the index of unfinished runs names; it follows what is
  /// written, so after a failure it is as unusable as the rest.
  BatchWriter(rocksdb::DB& db, std::set<RunId>& unfinished);

  /// Adds every row of `batch`, whose predecessor's head is `before`; returns the new head.
  [[nodiscard]] Result<HeadRow> add(const Batch& batch, const HeadRow& before);

  [[nodiscard]] rocksdb::WriteBatch& rows() { return rows_; }

 private:
  template <typename Row>
  void put(const Key& key, const Row& row);
  void remove(const Key& key);

  void add_events(const Batch& batch, HeadRow& head);
  void add_attempts(const std::vector<core::Event>& events);
  void clear_run(RunId run);
  [[nodiscard]] Result<void> delete_run(RunId run);
  [[nodiscard]] Result<void> remove_attempts(RunId run);
  [[nodiscard]] Result<void> remove_alerts(RunId run);
  [[nodiscard]] bool is_deleted(RunId run) const;
  void remove_alert(const core::AlertRecord& alert);
  /// Calls `visit(key, value)` for each stored row; what fails there ends it.
  template <typename Visit>
  [[nodiscard]] Result<void> for_each_row(const Key& prefix, const Visit& visit);
  void remove_all(const Key& prefix);
  void add_run(const core::RunRecord& run);
  void add_page(const Batch::TaskPage& page);
  void add_declarations(const Batch& batch);
  void add_deployments(const Batch& batch);
  void add_records(const Batch& batch);
  [[nodiscard]] Result<std::optional<core::AlertRecord>> find_alert(AlertId id) const;
  [[nodiscard]] Result<void> add_alert(const core::AlertRecord& alert);

  rocksdb::DB& db_;
  std::set<RunId>& unfinished_;
  rocksdb::WriteBatch rows_;
};

}  // namespace sheaf::store
