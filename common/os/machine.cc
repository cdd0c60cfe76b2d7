#include "common/os/machine.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

#include <sched.h>

#include "common/base/limits.h"
#include "common/os/file.h"

namespace sheaf::os {
namespace {

constexpr std::size_t kMaxMemoryFileBytes = 64u << 10;

std::int64_t usable_cores() {
  cpu_set_t cores;
  return ::sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 0;
}

/// Of the line "MemTotal:  16384 kB".
std::int64_t memory_bytes(const std::filesystem::path& file) {
  const std::string text = read_file(file, kMaxMemoryFileBytes).value_or("");
  constexpr std::string_view kName = "MemTotal:";
  std::size_t begin = text.find(kName);
  if (begin == std::string::npos) {
    return 0;
  }
  begin = std::min(text.find_first_not_of(' ', begin + kName.size()), text.size());
  std::int64_t kilobytes = 0;
  std::from_chars(text.data() + begin, text.data() + text.size(), kilobytes);
  return kilobytes * 1'024;
}

std::vector<std::uint32_t> gpus(const std::filesystem::path& folder) {
  std::vector<std::uint32_t> devices;
  constexpr std::string_view kPrefix = "nvidia";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) {
      continue;
    }
    std::uint32_t index = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, failure] = std::from_chars(name.data() + kPrefix.size(), end, index);
    if (failure == std::errc{} && stop == end) {
      devices.push_back(index);
    }
  }
  std::ranges::sort(devices);
  devices.resize(std::min(devices.size(), limits::kMaxGpusPerWorker));
  return devices;
}

}  // namespace

model::WorkerResources detect_machine(const MachineSources& sources) {
  return {.cpu_millis = usable_cores() * 1'000,
          .memory_bytes = memory_bytes(sources.memory_file),
          .gpus = gpus(sources.device_folder)};
}

}  // namespace sheaf::os
