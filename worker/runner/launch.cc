// The half of Runner that prepares folders and starts shims.
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/processes.h"
#include "worker/runner/runner.h"
#include "worker/shim/contract.h"

namespace sheaf::runner {

namespace {

// Where the shim finds the pipe on which it announces the start.
constexpr int kStartedDescriptor = 3;

Result<void> make_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), S_IRWXU) != 0) {
    return fail(os::error_of_errno(errno, "cannot create " + path.string()));
  }
  return {};
}

Result<void> make_file(const std::filesystem::path& path, std::string_view contents) {
  const auto file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) {
    return fail(file.error());
  }
  return os::write_all(file->get(), contents, path);
}

Result<void> fill_folder(const AttemptFolder& folder,
                         std::string_view spec_document,
                         std::string_view stream_input) {
  for (const auto& path : {folder.task_folder(), folder.temporary_folder()}) {
    if (auto made = make_folder(path); !made) {
      return made;
    }
  }
  if (!stream_input.empty()) {
    if (auto made = make_file(folder.stream_input_file(), stream_input); !made) {
      return made;
    }
  }
  return make_file(folder.path / kShimSpecFile, spec_document);
}

struct Pipe {
  os::FileDescriptor reader;
  os::FileDescriptor writer;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return fail(os::error_of_errno(errno, "cannot create a pipe"));
  }
  return Pipe{.reader = os::FileDescriptor(ends[0]), .writer = os::FileDescriptor(ends[1])};
}

// The shim gets no environment, and no descriptor but the pipe (the others close on exec, and it
// closes what does not).
Result<pid_t> spawn_shim(const std::filesystem::path& program,
                         const AttemptFolder& folder,
                         const os::FileDescriptor& started) {
  std::string name = "sheaf-shim";
  std::string path = folder.path.string();
  std::string descriptor = std::to_string(kStartedDescriptor);
  const std::array<char*, 4> arguments{name.data(), path.data(), descriptor.data(), nullptr};
  const std::array<char*, 1> environment{nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, started.get(), kStartedDescriptor);
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return fail(ErrorCode::kUnavailable,
                os::error_of_errno(error, "cannot start " + program.string()).message);
  }
  return pid;
}

}  // namespace

Result<LaunchedShim> Runner::start_shim(const AttemptFolder& folder) const {
  auto pipe = make_pipe();
  if (!pipe) {
    return fail(pipe.error());
  }
  const auto pid = spawn_shim(settings_.shim_program, folder, pipe->writer);
  if (!pid) {
    return fail(pid.error());
  }
  auto process = os::open_child(*pid);
  if (!process) {
    ::kill(*pid, SIGKILL);  // our own child, not yet reaped: the pid is its
    ::waitpid(*pid, nullptr, 0);
    return fail(process.error());
  }
  return LaunchedShim{
      .pid = *pid, .process = std::move(*process), .started = std::move(pipe->reader)};
}

Result<LaunchedShim> Runner::launch(const LaunchSpec& spec) const {
  const AttemptFolder place = folder(spec.attempt);
  const auto document = encode_spec(spec, place, boot_id_, cgroups_);
  if (!document) {
    return fail(document.error());
  }
  if (auto made = make_folder(place.path); !made) {
    return fail(made.error());
  }
  auto filled = fill_folder(place, *document, spec.stream_input);
  auto launched = filled ? start_shim(place) : Result<LaunchedShim>(fail(filled.error()));
  if (launched) {
    return launched;
  }
  constexpr Milliseconds kPatience{5'000};
  if (auto settled = settle(spec.attempt, kPatience); !settled || !settled->tree_empty) {
    return fail(launched.error(), "the attempt could not be taken back");
  }
  if (auto removed = remove(spec.attempt); !removed) {
    return fail(removed.error());
  }
  return launched;
}

}  // namespace sheaf::runner
