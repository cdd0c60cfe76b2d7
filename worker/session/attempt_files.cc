#include "worker/session/attempt_files.h"

#include <charconv>
#include <system_error>

#include <fcntl.h>

#include "common/os/file.h"
#include "common/wire/frame.h"

namespace sheaf::session {
namespace {

constexpr std::size_t kMaxRecordBytes = 16u << 20;

/// Replaces a file whole, without the cost of making it survive a power loss.
Result<void> put(const std::filesystem::path& path, std::string_view contents) {
  std::filesystem::path part = path;
  part += ".part";
  auto file = os::open_file(part, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) {
    return fail(file.error());
  }
  if (auto written = os::write_all(file->get(), contents, part); !written) {
    return written;
  }
  file->close();
  std::error_code error;
  std::filesystem::rename(part, path, error);
  if (error) {
    return fail(ErrorCode::kInternal, path.string() + ": " + error.message());
  }
  return {};
}

/// The attempt that the file of a lease names.
std::optional<AttemptId> find_lease_id(const std::filesystem::path& path) {
  const std::string name = path.stem().string();
  AttemptId attempt;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), attempt.value);
  const bool is_lease = path.extension() == ".lease" && parsed.ec == std::errc{} &&
                        attempt.is_valid() && to_string(attempt) == name;
  return is_lease ? std::optional(attempt) : std::nullopt;
}

Result<wire::Lease> decode_lease(std::string_view bytes) {
  auto frame = wire::decode_scheduler_frame(bytes);
  if (!frame) {
    return fail(frame.error());
  }
  auto* lease =
      frame->messages.size() == 1 ? std::get_if<wire::Lease>(&frame->messages.front()) : nullptr;
  if (lease == nullptr) {
    return fail(ErrorCode::kCorrupt, "is not a lease");
  }
  return std::move(*lease);
}

}  // namespace

Result<AttemptFiles> AttemptFiles::open(std::filesystem::path folder) {
  if (auto made = os::make_private_folder(folder); !made) {
    return fail(made.error());
  }
  return AttemptFiles(std::move(folder));
}

std::filesystem::path AttemptFiles::lease_path(AttemptId attempt) const {
  return folder_ / (to_string(attempt) + ".lease");
}

std::filesystem::path AttemptFiles::outcome_path(AttemptId attempt) const {
  return folder_ / (to_string(attempt) + ".outcome");
}

std::filesystem::path AttemptFiles::launched_path(AttemptId attempt) const {
  return folder_ / (to_string(attempt) + ".launched");
}

Result<void> AttemptFiles::mark_launched(AttemptId attempt) const {
  const auto file = os::open_file(launched_path(attempt), O_WRONLY | O_CREAT);
  return file ? Result<void>() : fail(file.error());
}

bool AttemptFiles::was_launched(AttemptId attempt) const {
  std::error_code error;
  return std::filesystem::exists(launched_path(attempt), error);
}

Result<void> AttemptFiles::unmark_launched(AttemptId attempt) const {
  std::error_code error;
  std::filesystem::remove(launched_path(attempt), error);
  if (error) {
    return fail(ErrorCode::kInternal, launched_path(attempt).string() + ": " + error.message());
  }
  return {};
}

Result<void> AttemptFiles::store_lease(const wire::Lease& lease) const {
  auto bytes = wire::encode(wire::SchedulerFrame{.messages = {lease}});
  if (!bytes) {
    return fail(bytes.error());
  }
  return put(lease_path(lease.spec.attempt), *bytes);
}

Result<void> AttemptFiles::store_outcome(const wire::ResultReport& report) const {
  auto bytes = wire::encode(wire::WorkerFrame{.messages = {report}});
  if (!bytes) {
    return fail(bytes.error());
  }
  return put(outcome_path(report.attempt), *bytes);
}

Result<AttemptFiles::StoredLeases> AttemptFiles::leases() const {
  StoredLeases stored;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const auto attempt = find_lease_id(entry.path());
    if (!attempt) {
      continue;
    }
    auto bytes = os::read_file(entry.path(), kMaxRecordBytes);
    if (!bytes) {
      return fail(bytes.error());
    }
    if (auto lease = decode_lease(*bytes)) {
      stored.leases.push_back(std::move(*lease));
    } else {
      stored.damaged.push_back(
          {.attempt = *attempt, .error = lease.error().with_context(entry.path().string())});
    }
  }
  if (error) {
    return fail(ErrorCode::kInternal, folder_.string() + ": " + error.message());
  }
  return stored;
}

Result<std::optional<wire::ResultReport>> AttemptFiles::outcome(AttemptId attempt) const {
  auto bytes = os::read_file(outcome_path(attempt), kMaxRecordBytes);
  if (!bytes) {
    if (bytes.error().code == ErrorCode::kNotFound) {
      return std::optional<wire::ResultReport>();
    }
    return fail(bytes.error());
  }
  auto frame = wire::decode_worker_frame(*bytes);
  if (!frame) {
    return fail(frame.error(), outcome_path(attempt).string());
  }
  const auto* report = frame->messages.size() == 1
                           ? std::get_if<wire::ResultReport>(&frame->messages.front())
                           : nullptr;
  if (report == nullptr) {
    return fail(ErrorCode::kCorrupt, outcome_path(attempt).string() + ": is not an outcome");
  }
  return std::optional(*report);
}

Result<void> AttemptFiles::remove(AttemptId attempt) const {
  for (const auto& path : {outcome_path(attempt), launched_path(attempt), lease_path(attempt)}) {
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) {
      return fail(ErrorCode::kInternal, path.string() + ": " + error.message());
    }
  }
  return {};
}

AttemptFiles::HighWater AttemptFiles::high_water() const {
  HighWater mark;
  const auto text = os::read_file(folder_ / "high-water", 64);
  if (!text) {
    return mark;
  }
  const char* const end = text->data() + text->size();
  const auto [space, error] = std::from_chars(text->data(), end, mark.epoch);
  if (error == std::errc{} && space != end) {
    static_cast<void>(std::from_chars(space + 1, end, mark.fence));
  }
  return mark;
}

Result<void> AttemptFiles::store_high_water(const HighWater& mark) const {
  return put(folder_ / "high-water", std::to_string(mark.epoch) + " " + std::to_string(mark.fence));
}

}  // namespace sheaf::session
