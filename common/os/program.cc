#include "common/os/program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/file.h"

extern char** environ;

namespace sheaf::os {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  FileDescriptor reader;
  FileDescriptor writer;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(error_of_errno(errno, "cannot make a pipe"));
  }
  return Pipe{.reader = FileDescriptor(ends[0]), .writer = FileDescriptor(ends[1])};
}

bool is_entry_of(std::string_view entry, std::string_view name) {
  return entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=';
}

std::vector<std::string> environment_of(const ProgramSettings& settings) {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    entries.emplace_back(*entry);
  }
  for (const std::string& change : settings.environment) {
    const std::string_view name = std::string_view(change).substr(0, change.find('='));
    std::erase_if(entries, [name](const std::string& entry) { return is_entry_of(entry, name); });
    if (name.size() != change.size()) {
      entries.push_back(change);
    }
  }
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

// What happens in the child before the program starts.
class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void use(const ProgramSettings& settings, int output, int errors) {
    ::posix_spawn_file_actions_addopen(
        &actions_, STDIN_FILENO, settings.input_file.c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    if (!settings.folder.empty()) {
      ::posix_spawn_file_actions_addchdir_np(&actions_, settings.folder.c_str());
    }
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

Result<pid_t> spawn(const ProgramSettings& settings, const Pipe& output, const Pipe& errors) {
  SpawnActions actions;
  actions.use(settings, output.writer.get(), errors.writer.get());
  std::vector<std::string> arguments = settings.command;
  std::vector<std::string> environment = environment_of(settings);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child,
                                   arguments.front().c_str(),
                                   actions.get(),
                                   nullptr,
                                   pointers_to(arguments).data(),
                                   pointers_to(environment).data());
  if (error != 0) {
    return fail(error_of_errno(error, "cannot start " + settings.command.front()));
  }
  return child;
}

// Moves what is there into `text`; closes the pipe at its end.
Result<void> drain(FileDescriptor& reader, std::string& text, std::size_t max_bytes) {
  std::array<char, 65'536> buffer{};
  const ssize_t count = ::read(reader.get(), buffer.data(), buffer.size());
  if (count < 0 && errno != EINTR) {
    return fail(error_of_errno(errno, "cannot read a program's output"));
  }
  if (count == 0) {
    reader.close();
  }
  text.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (text.size() > max_bytes) {
    return fail(ErrorCode::kExhausted,
                "the program wrote more than " + std::to_string(max_bytes) + " bytes");
  }
  return {};
}

Result<void> collect(const ProgramSettings& settings,
                     Pipe& output,
                     Pipe& errors,
                     ProgramResult& result) {
  const Clock::time_point deadline = Clock::now() + settings.time_limit;
  while (output.reader.is_open() || errors.reader.is_open()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    std::array<pollfd, 2> waits{pollfd{.fd = output.reader.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = errors.reader.get(), .events = POLLIN, .revents = 0}};
    const int ready =
        left.count() <= 0 ? 0 : ::poll(waits.data(), waits.size(), static_cast<int>(left.count()));
    if (ready == 0) {
      return fail(ErrorCode::kTimeout, settings.command.front() + " did not end in time");
    }
    if (ready < 0) {
      continue;
    }
    if (waits[0].revents != 0) {
      if (auto done = drain(output.reader, result.standard_output, settings.max_output_bytes);
          !done) {
        return done;
      }
    }
    if (waits[1].revents != 0) {
      if (auto done = drain(errors.reader, result.standard_error, settings.max_output_bytes);
          !done) {
        return done;
      }
    }
  }
  return {};
}

}  // namespace

Result<ProgramResult> run_program(const ProgramSettings& settings) {
  if (settings.command.empty()) {
    return fail(ErrorCode::kInvalid, "no program was named");
  }
  auto output = make_pipe();
  if (!output) {
    return fail(output.error());
  }
  auto errors = make_pipe();
  if (!errors) {
    return fail(errors.error());
  }
  const auto child = spawn(settings, *output, *errors);
  if (!child) {
    return fail(child.error());
  }
  output->writer.close();
  errors->writer.close();
  ProgramResult result;
  const auto collected = collect(settings, *output, *errors, result);
  if (!collected) {
    ::kill(*child, SIGKILL);  // Not reaped yet, so the pid is still this child's.
    static_cast<void>(wait_for_child(*child));
    return fail(collected.error());
  }
  const auto status = wait_for_child(*child);
  if (!status) {
    return fail(status.error());
  }
  result.exit_status = *status;
  return result;
}

Result<int> wait_for_child(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return fail(ErrorCode::kInternal,
                  "how the program ended is not known: " + std::generic_category().message(errno));
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sheaf::os
