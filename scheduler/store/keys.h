// Keys: one byte for the table, then ids as eight bytes, most significant first, so that RocksDB's
// order of bytes is the order of ids. Text stands last, or after its length. Every table is listed
// here. Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/id.h"
#include "common/base/time.h"

namespace sheaf::store {

/// The first byte of each key, with what follows it and the kind of row that it leads to (rows.h).
enum class Table : char {
  kAttemptRun =
      'a',          ///< attempt → RunReferenceRow; beside the first attempts in a run's own block.
  kBatch = 'b',     ///< batch → BatchRow
  kSchedule = 'c',  ///< trigger → ScheduleRecord
  kDetails = 'd',   ///< run, page → DetailsRow
  kEvents = 'e',    ///< run (0: none), batch → EventsRow
  kAlertByRun = 'g',        ///< run, alert → MarkRow
  kHead = 'h',              ///< → HeadRow
  kIdentity = 'i',          ///< → IdentityRow
  kJob = 'j',               ///< job → JobRecord
  kSkippedFire = 'k',       ///< job, nominal time, trigger → SkippedFire
  kAlert = 'l',             ///< alert → AlertRecord
  kPendingAlert = 'm',      ///< time of the next try, alert → MarkRow
  kDeploymentByName = 'n',  ///< length of bundle (4 bytes), bundle, target → DeploymentReferenceRow
  kHookSecret = 'o',        ///< job, hook → HookSecretRecord
  kDeployment = 'p',        ///< deployment → DeploymentRecord
  kInputs = 'f',            ///< run, block → InputsRow
  kReceipt = 'q',           ///< key → ReceiptRecord
  kRun = 'r',               ///< run → RunRecord
  kSettings = 's',          ///< digest → SettingsRow
  kTasks = 't',             ///< run, page → TasksRow
  kUnfinished = 'u',        ///< run → MarkRow; what recovery reads.
  kDeploymentVersion = 'v',  ///< deployment, version → DeploymentRecord
  kWorker = 'w',             ///< worker → WorkerRecord
  kRunByJob = 'x',           ///< job, run → MarkRow
  kPool = 'y',               ///< name → PoolRecord
};

/// Builds a key from left to right.
class Key {
 public:
  explicit Key(Table table) : bytes_(1, static_cast<char>(table)) {}

  template <typename Tag>
  Key& id(Id<Tag> id) {
    return number(static_cast<std::uint64_t>(id.value));
  }
  Key& number(std::uint64_t value);
  Key& short_number(std::uint32_t value);
  /// Instants before 1970 sort before those after.
  Key& instant(Timestamp instant);
  Key& text(std::string_view text);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  /// The first key after every key that begins with this one.
  [[nodiscard]] std::string end_of_prefix() const;

 private:
  std::string bytes_;
};

/// The number written at the `position`-th eight bytes after the table byte; 0 when the key is
/// shorter.
[[nodiscard]] std::uint64_t number_in_key(std::string_view key, std::size_t position);

/// The id written at the `position`-th eight bytes after the table byte; invalid when the key is
/// shorter.
template <typename IdType>
[[nodiscard]] IdType id_in_key(std::string_view key, std::size_t position) {
  return IdType{static_cast<std::int64_t>(number_in_key(key, position))};
}

/// A key for error messages: the letter of its table, then the rest with odd bytes in hex.
[[nodiscard]] std::string describe_key(std::string_view key);

[[nodiscard]] Key events_key(RunId run, std::uint64_t batch);
[[nodiscard]] Key page_key(Table table, RunId run, std::uint32_t page);
[[nodiscard]] Key deployment_name_key(std::string_view bundle, std::string_view target);
[[nodiscard]] Key pending_alert_key(Timestamp next_try, AlertId alert);
[[nodiscard]] Key hook_secret_key(JobId job, std::string_view hook);

}  // namespace sheaf::store
