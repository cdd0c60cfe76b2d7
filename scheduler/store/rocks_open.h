// Opening the rows: recovery of a torn tail, and the checks that the history is whole and ours.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <rocksdb/db.h>

#include "common/base/result.h"
#include "scheduler/store/high_water.h"
#include "scheduler/store/rocks_options.h"
#include "scheduler/store/rows.h"
#include "scheduler/store/store_folder.h"

namespace sheaf::store {

struct OpenedRows {
  std::unique_ptr<rocksdb::DB> db;
  HeadRow head;
  std::vector<std::string> notices;  ///< For the operator.
};

/// Opens or creates the rows of `folder`. `mark` is the last batch that was acknowledged, as far as
/// known.
///
/// A log that does not read to its end is accepted only where everything up to `mark` is there:
/// then what was torn was never acknowledged. Otherwise kCorrupt, and nothing is changed.
[[nodiscard]] Result<OpenedRows> open_rows(const StoreFolder& folder,
                                           const std::optional<Mark>& mark,
                                           const RocksSettings& settings);

}  // namespace sheaf::store
