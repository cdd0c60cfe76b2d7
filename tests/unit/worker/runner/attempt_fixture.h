// A runner on a fresh folder with the real shim, and waits that have deadlines instead of sleeps.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "worker/runner/runner.h"

namespace sheaf::runner {

/// Long enough for a loaded machine; no test waits for it to pass.
inline constexpr Milliseconds kPatience{30'000};

inline constexpr std::int64_t kFirstAttempt = 100;

/// A fresh folder below the system's temporary one, removed with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A named pipe by which a task tells the test, or the other way round, that it got somewhere.
class Gate {
 public:
  explicit Gate(const std::filesystem::path& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The next line that a task wrote; fails the test after kPatience.
  [[nodiscard]] std::string wait_line();
  /// Lets a task that reads the gate go on.
  void open() const;

 private:
  std::string path_;
  os::FileDescriptor descriptor_;
  std::string buffer_;
};

[[nodiscard]] std::string content_of(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& content);

/// Whether `descriptor` became readable (or ended) within kPatience.
[[nodiscard]] bool wait_readable(const os::FileDescriptor& descriptor);

/// Waits until the process, known by pid alone, is gone or a zombie.
[[nodiscard]] bool wait_gone(pid_t pid);

/// Waits until nothing is at `path`.
[[nodiscard]] bool wait_deleted(const std::filesystem::path& path);

/// Tests run once for each way in which a shim can hold its tree.
class AttemptTest : public testing::TestWithParam<CgroupUse> {
 protected:
  void SetUp() override;
  /// Ends what a failed test left behind.
  void TearDown() override;

  [[nodiscard]] Runner& runner() {
    return *runner_;
  }  // NOLINT(bugprone-unchecked-optional-access): SetUp asserts it
  [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return root() / name; }
  /// A second agent on the same folder.
  [[nodiscard]] Runner reopen() const;
  [[nodiscard]] RunnerSettings settings() const;

  /// A spec that runs `script` in sh.
  [[nodiscard]] LaunchSpec a_script(const std::string& script);
  [[nodiscard]] LaunchedShim launch(const LaunchSpec& spec);
  /// Waits for the shim's end, reaps it and reads the record; the shim must have said kShimDone.
  [[nodiscard]] ExitRecord finish(const LaunchedShim& shim);
  [[nodiscard]] ExitRecord run(const LaunchSpec& spec) { return finish(launch(spec)); }
  [[nodiscard]] ExitRecord run_script(const std::string& script) { return run(a_script(script)); }
  /// KILLs the shim itself and reaps it.
  void kill_shim(const LaunchedShim& shim);

  /// All attempts that have a folder.
  [[nodiscard]] std::vector<AttemptId> attempts() const;
  [[nodiscard]] AttemptId last_attempt() const { return attempt_; }
  [[nodiscard]] std::string stdout_text() {
    return content_of(runner().folder(attempt_).stdout_file());
  }

 private:
  TemporaryFolder folder_;
  std::optional<Runner> runner_;
  AttemptId attempt_{kFirstAttempt};
};

[[nodiscard]] std::string name_of(const testing::TestParamInfo<CgroupUse>& parameter);

}  // namespace sheaf::runner
