// Which environment serves which fingerprint: an empty file fingerprints/<hex>-<environment>, whose
// time says when it was used last.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "common/base/limits.h"
#include "common/os/file.h"
#include "worker/environments/python_environments.h"

namespace sheaf::environments {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarks = "fingerprints";

struct Mark {
  fs::file_time_type used;
  std::uint64_t fingerprint = 0;
};

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

}  // namespace

void PythonEnvironments::note_use(std::uint64_t fingerprint,
                                  const PythonEnvironment& environment) const {
  if (fingerprint == 0) {
    return;
  }
  const fs::path target = environment.bin_folder.parent_path().filename();
  const fs::path mark = folder_ / kMarks / (hex(fingerprint) + "-" + target.string());
  std::error_code error;
  fs::last_write_time(mark, fs::file_time_type::clock::now(), error);
  if (error && os::make_private_folder(mark.parent_path())) {
    static_cast<void>(os::replace_file(mark, ""));
  }
}

std::vector<std::uint64_t> PythonEnvironments::cached() const {
  std::vector<Mark> marks;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_ / kMarks, error)) {
    const std::string name = entry.path().filename().string();
    const auto dash = name.find('-');
    Mark mark;
    const auto [stop, failure] =
        std::from_chars(name.data(), name.data() + name.size(), mark.fingerprint, 16);
    if (dash == std::string::npos || failure != std::errc{} || stop != name.data() + dash) {
      continue;
    }
    std::error_code gone;
    mark.used = entry.last_write_time(gone);
    if (!gone && fs::exists(folder_ / name.substr(dash + 1) / "complete", gone)) {
      marks.push_back(mark);
    }
  }
  std::ranges::sort(marks, [](const Mark& a, const Mark& b) {
    return a.used != b.used ? a.used > b.used : a.fingerprint < b.fingerprint;
  });
  marks.resize(std::min(marks.size(), limits::kMaxCachedEnvironments));
  std::vector<std::uint64_t> fingerprints;
  for (const Mark& mark : marks) {
    fingerprints.push_back(mark.fingerprint);
  }
  return fingerprints;
}

}  // namespace sheaf::environments
