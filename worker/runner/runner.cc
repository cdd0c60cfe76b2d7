#include "worker/runner/runner.h"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "common/os/processes.h"
#include "worker/runner/removal.h"
#include "worker/runner/survivors.h"
#include "worker/shim/contract.h"

namespace sheaf::runner {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxRecordBytes = 64u << 10;

bool is_there(const fs::path& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// From now on no shim can start this attempt; false if one has done so already. The order of these
// steps against those of the shim (claim, look for the mark, rename the claim) decides it.
Result<bool> abandon(const AttemptFolder& folder) {
  const auto mark = os::open_file(folder.path / kShimAbandonedFile, O_WRONLY | O_CREAT);
  if (!mark) {
    return fail(mark.error());
  }
  if (::unlink((folder.path / kShimClaimFile).c_str()) != 0 && errno != ENOENT) {
    return fail(os::error_of_errno(errno, "cannot take the claim of " + folder.path.string()));
  }
  return !is_there(folder.path / kShimStartedFile);
}

std::optional<std::string> cgroup_of(const AttemptFolder& folder) {
  const auto spec = os::read_file(folder.path / kShimSpecFile, kShimMaxSpecBytes);
  const auto cgroup = spec ? find_spec_field(*spec, "cgroup") : std::nullopt;
  return cgroup && !cgroup->empty() ? cgroup : std::nullopt;
}

// A process that was held when its shim died ends by itself, without having run anything of the
// task; this only makes sure that its cgroup is free for removal.
Result<void> end_held_process(const AttemptFolder& folder, Milliseconds patience) {
  const auto cgroup = cgroup_of(folder);
  auto killed = cgroup ? os::kill_cgroup(*cgroup, patience) : Result<void>{};
  const bool is_unsupported = !killed && killed.error().code == ErrorCode::kUnsupported;
  return is_unsupported ? Result<void>{} : killed;
}

// A shim removes its cgroup at its end; this one died before, or the task made cgroups of its own.
// One that cannot be removed harms nobody: it is empty, or holds what cannot die.
void remove_own_cgroup(const AttemptFolder& folder) {
  if (const auto cgroup = cgroup_of(folder)) {
    [[maybe_unused]] const auto removed = os::remove_cgroup(*cgroup);
  }
}

Inspection rebooted(std::optional<StartRecord> start) {
  return {.state = AttemptState::kRebooted,
          .start = std::move(start),
          .exit = std::nullopt,
          .shim = {},
          .tree_empty = true,
          .proof = TreeProof::kReboot};
}

Inspection finished(ExitRecord exit) {
  return {.state = AttemptState::kFinished,
          .start = std::nullopt,
          .exit = exit,
          .shim = {},
          .tree_empty = exit.tree_empty,
          .proof = exit.tree_empty ? TreeProof::kShim : TreeProof::kNone};
}

Result<Inspection> never_ran(const AttemptFolder& folder, Milliseconds patience) {
  if (auto ended = end_held_process(folder, patience); !ended) {
    return fail(ended.error());
  }
  return Inspection{.state = AttemptState::kNeverRan,
                    .start = std::nullopt,
                    .exit = std::nullopt,
                    .shim = {},
                    .tree_empty = true,
                    .proof = TreeProof::kNothingRan};
}

// Ends what a dead shim left, and says in `inspection` whether that went well.
Result<Inspection> settle_orphans(const AttemptFolder& folder,
                                  Inspection inspection,
                                  Milliseconds patience) {
  const StartRecord start = inspection.start.value_or(StartRecord{});
  const auto empty = end_survivors(folder, start, patience);
  if (!empty) {
    return fail(empty.error());
  }
  const auto proof = start.cgroup.empty() ? TreeProof::kScan : TreeProof::kCgroup;
  inspection.tree_empty = *empty;
  inspection.proof = *empty ? proof : TreeProof::kNone;
  return inspection;
}

}  // namespace

Runner::Runner(RunnerSettings settings,
               std::string boot_id,
               std::optional<os::CgroupParent> cgroups)
    : settings_(std::move(settings)),
      boot_id_(std::move(boot_id)),
      cgroups_(std::move(cgroups)),
      sweeper_(std::make_unique<Sweeper>(settings_.attempts_folder)) {}

Runner::~Runner() = default;
Runner::Runner(Runner&&) noexcept = default;
Runner& Runner::operator=(Runner&&) noexcept = default;

Result<Runner> Runner::open(RunnerSettings settings) {
  std::error_code error;
  settings.attempts_folder = fs::absolute(settings.attempts_folder, error);
  if (auto made = os::make_private_folder(settings.attempts_folder); !made) {
    return fail(made.error());
  }
  auto boot = os::boot_id();
  if (!boot) {
    return fail(boot.error());
  }
  std::optional<os::CgroupParent> cgroups;
  if (settings.cgroup_use == CgroupUse::kWherePossible) {
    if (auto parent = os::open_cgroup_parent(settings.cgroup_parent)) {
      cgroups = std::move(*parent);
    }
  }
  return Runner(std::move(settings), std::move(*boot), std::move(cgroups));
}

AttemptFolder Runner::folder(AttemptId attempt) const {
  return {.attempt = attempt, .path = settings_.attempts_folder / to_string(attempt)};
}

Result<ExitRecord> Runner::read_exit(AttemptId attempt) const {
  const auto text = os::read_file(folder(attempt).path / kShimExitFile, kMaxRecordBytes);
  if (!text) {
    return fail(text.error());
  }
  auto record = parse_exit_record(*text);
  if (record && record->attempt != attempt) {
    return fail(ErrorCode::kCorrupt, "the exit record is that of another attempt");
  }
  return record;
}

Result<Inspection> Runner::inspect(AttemptId attempt) const {
  const AttemptFolder place = folder(attempt);
  if (!is_there(place.path)) {
    return fail(ErrorCode::kNotFound, "there is no attempt " + to_string(attempt));
  }
  // Started before exit: a shim that ends in between is then found dead, and its exit is read
  // again.
  const auto started = os::read_file(place.path / kShimStartedFile, kMaxRecordBytes);
  if (!started && started.error().code != ErrorCode::kNotFound) {
    return fail(started.error());
  }
  auto inspection = started ? inspect_started(place, *started) : inspect_unstarted(place);
  if (inspection && inspection->state == AttemptState::kRunning) {
    return inspection;
  }
  auto exit = read_exit(attempt);
  if (exit) {
    auto result = finished(std::move(*exit));
    if (inspection) {
      result.start = std::move(inspection->start);
    }
    return result;
  }
  // What a power loss left of an unsynced exit record says nothing, and the boot id says the rest.
  const bool after_reboot = inspection && inspection->state == AttemptState::kRebooted;
  if (exit.error().code != ErrorCode::kNotFound && !after_reboot) {
    return fail(exit.error());
  }
  return inspection;
}

Result<Inspection> Runner::inspect_started(const AttemptFolder& folder,
                                           std::string_view record) const {
  auto start = parse_start_record(record);
  if (!start) {
    const auto spec = os::read_file(folder.path / kShimSpecFile, kShimMaxSpecBytes);
    const auto boot = spec ? find_spec_field(*spec, "boot_id") : std::nullopt;
    return boot == boot_id_ ? Result<Inspection>(fail(start.error())) : rebooted(std::nullopt);
  }
  if (start->boot_id != boot_id_) {
    return rebooted(std::move(*start));
  }
  Inspection inspection;
  auto shim = os::open_process(start->shim);
  inspection.start = std::move(*start);
  if (shim) {
    inspection.state = AttemptState::kRunning;
    inspection.shim = std::move(*shim);
    return inspection;
  }
  if (shim.error().code != ErrorCode::kNotFound) {
    return fail(shim.error());
  }
  inspection.state = AttemptState::kShimDied;
  return inspection;
}

Result<Inspection> Runner::inspect_unstarted(const AttemptFolder& folder) const {
  const auto spec = os::read_file(folder.path / kShimSpecFile, kShimMaxSpecBytes);
  if (!spec && spec.error().code != ErrorCode::kNotFound) {
    return fail(spec.error());
  }
  // A start record is never fsynced, so after a reboot its absence proves nothing.
  if (!spec || find_spec_field(*spec, "boot_id") != boot_id_) {
    return rebooted(std::nullopt);
  }
  return Inspection{};
}

Result<Inspection> Runner::settle(AttemptId attempt, Milliseconds patience) const {
  const AttemptFolder place = folder(attempt);
  auto inspection = inspect(attempt);
  if (inspection && inspection->state == AttemptState::kNotStarted) {
    const auto abandoned = abandon(place);
    if (!abandoned) {
      return fail(abandoned.error());
    }
    inspection = *abandoned ? never_ran(place, patience) : inspect(attempt);
  }
  if (!inspection || inspection->state != AttemptState::kShimDied) {
    return inspection;
  }
  return settle_orphans(place, std::move(*inspection), patience);
}

Result<void> Runner::request_stop(AttemptId attempt) const {
  const auto inspection = inspect(attempt);
  if (!inspection) {
    return fail(inspection.error());
  }
  if (inspection->state != AttemptState::kRunning) {
    return fail(ErrorCode::kNotFound, "attempt " + to_string(attempt) + " is not running");
  }
  return os::send_signal(inspection->shim, SIGTERM);
}

Result<void> Runner::remove(AttemptId attempt) const {
  const auto inspection = inspect(attempt);
  if (!inspection && inspection.error().code == ErrorCode::kNotFound) {
    return {};
  }
  if (inspection && inspection->state == AttemptState::kRunning) {
    return fail(ErrorCode::kConflict, "attempt " + to_string(attempt) + " is running");
  }
  remove_own_cgroup(folder(attempt));
  auto hidden = hide_attempt(settings_.attempts_folder, folder(attempt));
  sweeper_->wake();
  return hidden;
}

}  // namespace sheaf::runner
