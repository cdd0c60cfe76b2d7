#include "scheduler/store/rocks_options.h"

#include <algorithm>
#include <string>

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "common/base/planted.h"

namespace sheaf::store {
namespace {

constexpr std::size_t kBlockCacheBytes = 32u << 20;
constexpr std::size_t kBlockBytes = 16u << 10;
constexpr std::size_t kLogFileBytes = 4u << 20;
constexpr std::size_t kLogFiles = 4;
constexpr double kFilterBitsPerKey = 10;

rocksdb::CompressionType best_compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool has_lz4 =
      std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return has_lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

ErrorCode code_of(const rocksdb::Status& status) {
  if (status.IsNoSpace()) {
    return ErrorCode::kExhausted;
  }
  if (status.IsCorruption()) {
    return ErrorCode::kCorrupt;
  }
  return status.IsTimedOut() || status.IsBusy() ? ErrorCode::kUnavailable : ErrorCode::kInternal;
}

}  // namespace

rocksdb::Options make_options(const RocksSettings& settings) {
  rocksdb::Options options;
  options.env = settings.env;
  // A damaged log must not open as a shorter history. RocksDB takes a clean cut for a tail all the
  // same: that is what the high-water mark is for.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  options.manual_wal_flush = false;
  options.wal_bytes_per_sync = 0;
  options.recycle_log_file_num = 0;
  options.fail_if_options_file_error = true;
  options.write_dbid_to_manifest = true;
  options.db_host_id = "";
  options.write_buffer_size = settings.write_buffer_bytes;
  options.max_write_buffer_number = 2;
  options.max_open_files = -1;
  options.max_background_jobs = 2;
  options.compression = best_compression();
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_log_file_size = kLogFileBytes;
  options.keep_log_file_num = kLogFiles;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.block_size = kBlockBytes;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::WriteOptions make_write_options() {
  rocksdb::WriteOptions options;
  options.sync = !planted::has("store.acknowledge_before_fsync");
  options.protection_bytes_per_key = 8;
  return options;
}

Error to_error(const rocksdb::Status& status, std::string_view what) {
  return Error{.code = code_of(status), .message = std::string(what) + ": " + status.ToString()};
}

}  // namespace sheaf::store
