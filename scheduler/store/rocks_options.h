// How Sheaf uses RocksDB: options, and what its statuses mean here.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include "common/base/error.h"

namespace sheaf::store {

/// What tests set otherwise: another file system, small buffers.
struct RocksSettings {
  rocksdb::Env* env = rocksdb::Env::Default();
  std::size_t write_buffer_bytes = 16u << 20;
};

/// Options for opening. They stay away from what is known to lose or refuse data in 7.8: two
/// writers' queues, two-phase commit, recycled logs, manual flushes of the log, mmap.
[[nodiscard]] rocksdb::Options make_options(const RocksSettings& settings);

/// Durable before it returns, each key guarded by a checksum on its way to the log.
[[nodiscard]] rocksdb::WriteOptions make_write_options();

/// REQUIRES: `status` is not ok.
[[nodiscard]] Error to_error(const rocksdb::Status& status, std::string_view what);

}  // namespace sheaf::store
