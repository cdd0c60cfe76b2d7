#include "scheduler/store/rocks_open.h"

#include "scheduler/store/keys.h"
#include "scheduler/store/rocks_reader.h"

namespace sheaf::store {
namespace {

std::string describe(const StoreFolder& folder, std::string_view what) {
  return "the store " + folder.path().string() + " " + std::string(what);
}

/// What an operator may do about a history that is not whole.
std::string remedy(const StoreFolder& folder) {
  return "; restore a backup of the folder, or, to go on without what is missing, remove " +
         folder.high_water().string() + " and start again";
}

Result<std::unique_ptr<rocksdb::DB>> open_database(const rocksdb::Options& options,
                                                   const StoreFolder& folder) {
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, folder.rows().string(), &opened);
  std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) {
    return fail(to_error(status, describe(folder, "cannot be opened")));
  }
  return db;
}

Result<HeadRow> read_head(const RocksReader& reader) {
  const auto head = reader.find<HeadRow>(Key(Table::kHead));
  if (!head) {
    return fail(head.error());
  }
  return head->value_or(HeadRow{});
}

/// Refuses a history that ends before `mark` or is another one.
Result<void> check_history(const StoreFolder& folder,
                           const RocksReader& reader,
                           const HeadRow& head,
                           const std::optional<Mark>& mark) {
  if (mark && head.batch < mark->batch) {
    return fail(ErrorCode::kCorrupt,
                describe(folder, "ends at batch ") + std::to_string(head.batch) + " (epoch " +
                    std::to_string(head.epoch) + "), but batch " + std::to_string(mark->batch) +
                    " (epoch " + std::to_string(mark->epoch) +
                    ") was acknowledged: history is missing" + remedy(folder));
  }
  const auto check_batch = [&](std::uint64_t batch, std::uint64_t chain) -> Result<void> {
    if (batch == 0) {
      return {};
    }
    const auto row = reader.find<BatchRow>(Key(Table::kBatch).number(batch));
    if (!row) {
      return fail(row.error());
    }
    if (!row->has_value() || (*row)->chain != chain) {
      return fail(ErrorCode::kCorrupt,
                  describe(folder, "does not add up at batch ") + std::to_string(batch) +
                      ": the hash chain differs" + remedy(folder));
    }
    return {};
  };
  if (auto checked = check_batch(head.batch, head.chain); !checked) {
    return checked;
  }
  return mark ? check_batch(mark->batch, mark->chain) : Result<void>{};
}

/// Opens rows whose log does not read to its end; see open_rows.
Result<OpenedRows> open_torn(const StoreFolder& folder,
                             const std::optional<Mark>& mark,
                             rocksdb::Options options,
                             const Error& refusal) {
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.create_if_missing = false;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(options, folder.rows().string(), &opened);
  std::unique_ptr<rocksdb::DB> looked_at(opened);
  if (!status.ok()) {
    return fail(ErrorCode::kCorrupt, refusal.message + remedy(folder));
  }
  {
    const RocksReader reader(*looked_at);
    const auto head = read_head(reader);
    if (!head) {
      return fail(head.error());
    }
    if (auto checked = check_history(folder, reader, *head, mark); !checked) {
      return fail(ErrorCode::kCorrupt, refusal.message + "; " + checked.error().message);
    }
  }
  looked_at.reset();
  auto db = open_database(options, folder);
  if (!db) {
    return fail(db.error());
  }
  OpenedRows rows{.db = *std::move(db)};
  rows.notices.push_back(describe(folder, "had a torn log (") + refusal.message +
                         "); what was torn had not been acknowledged");
  return rows;
}

/// Makes the rows this store's, or checks that they are.
Result<void> check_identity(const StoreFolder& folder, rocksdb::DB& db, const HeadRow& head) {
  const auto identity = RocksReader(db).find<IdentityRow>(Key(Table::kIdentity));
  if (!identity) {
    return fail(identity.error());
  }
  if (identity->has_value()) {
    return (*identity)->id == folder.id()
               ? Result<void>{}
               : fail(ErrorCode::kCorrupt,
                      describe(folder, "holds the rows of another store, ") + (*identity)->id);
  }
  if (head.batch != 0) {
    return fail(ErrorCode::kCorrupt, describe(folder, "has rows but no identity"));
  }
  const rocksdb::Status status = db.Put(
      make_write_options(), Key(Table::kIdentity).bytes(), encode(IdentityRow{.id = folder.id()}));
  return status.ok() ? Result<void>{} : fail(to_error(status, describe(folder, "is read-only")));
}

}  // namespace

Result<OpenedRows> open_rows(const StoreFolder& folder,
                             const std::optional<Mark>& mark,
                             const RocksSettings& settings) {
  rocksdb::Options options = make_options(settings);
  const bool is_fresh = settings.env->FileExists((folder.rows() / "CURRENT").string()).IsNotFound();
  if (is_fresh && mark) {
    return fail(ErrorCode::kCorrupt,
                describe(folder, "has lost its rows: batch ") + std::to_string(mark->batch) +
                    " was acknowledged" + remedy(folder));
  }
  // RocksDB would create the folder without syncing its name.
  if (auto made = os::make_private_folder(folder.rows()); !made) {
    return fail(made.error());
  }
  options.create_if_missing = is_fresh;
  OpenedRows rows;
  auto db = open_database(options, folder);
  if (db) {
    rows.db = *std::move(db);
  } else if (db.error().code == ErrorCode::kCorrupt) {
    auto torn = open_torn(folder, mark, options, db.error());
    if (!torn) {
      return torn;
    }
    rows = *std::move(torn);
  } else {
    return fail(db.error());
  }
  {
    const RocksReader reader(*rows.db);
    const auto head = read_head(reader);
    if (!head) {
      return fail(head.error());
    }
    rows.head = *head;
    if (auto checked = check_history(folder, reader, rows.head, mark); !checked) {
      return fail(checked.error());
    }
  }
  if (auto checked = check_identity(folder, *rows.db, rows.head); !checked) {
    return fail(checked.error());
  }
  return rows;
}

}  // namespace sheaf::store
