// store::Store on RocksDB.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <rocksdb/db.h>

#include "scheduler/store/high_water.h"
#include "scheduler/store/rocks_options.h"
#include "scheduler/store/rocks_reader.h"
#include "scheduler/store/rows.h"
#include "scheduler/store/store.h"
#include "scheduler/store/store_folder.h"

namespace sheaf::store {

class RocksStore final : public Store {
 public:
  /// open_store() with the settings that tests change.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder,
                                                           const RocksSettings& settings);

  [[nodiscard]] Result<void> commit(const Batch& batch) override;
  [[nodiscard]] Head head() const override;
  [[nodiscard]] const std::string& id() const override { return folder_.id(); }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return notices_; }
  [[nodiscard]] Result<core::StoredState> recover() const override;
  [[nodiscard]] std::unique_ptr<Reader> read() const override;

 private:
  struct Parts;

  explicit RocksStore(Parts parts);

  StoreFolder folder_;
  std::unique_ptr<rocksdb::DB> db_;
  HeadRow head_;
  HighWater high_water_;
  std::set<RunId> unfinished_;
  std::vector<std::string> notices_;
};

}  // namespace sheaf::store
