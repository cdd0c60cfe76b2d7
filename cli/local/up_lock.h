// `<data>/up.lock`: one `sheaf up` a data folder. The lock ends with the process that holds it; the
// text in the file says who that is and which daemons it started. One thread.
#pragma once

#include <filesystem>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/os/file.h"
#include "common/os/processes.h"

namespace sheaf::cli {

class UpLock {
 public:
  /// Fails with kConflict, naming the process, when another one holds it.
  [[nodiscard]] static Result<UpLock> take(const std::filesystem::path& data_folder);

  /// Waits for daemons that a previous holder left behind: they end by themselves once their
  /// lifeline ends. Fails with kTimeout, naming the process, after `patience`.
  [[nodiscard]] Result<void> await_predecessors(Milliseconds patience) const;

  /// Notes who runs now, for the next holder.
  [[nodiscard]] Result<void> write(const std::vector<os::ProcessIdentity>& daemons) const;

 private:
  UpLock(os::FileDescriptor file, std::filesystem::path path)
      : file_(std::move(file)), path_(std::move(path)) {}

  os::FileDescriptor file_;
  std::filesystem::path path_;
};

}  // namespace sheaf::cli
