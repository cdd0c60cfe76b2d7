#include "tests/sim/deployed_files.h"

#include <algorithm>

#include "tests/sim/dice.h"

namespace sheaf::sim::deployed_files {
namespace {

bool is_there(const std::string& manifest, const std::string& path) {
  return std::ranges::find(kManifests, manifest) != kManifests.end() && path != "gone.jsonl";
}

std::vector<std::string> lines_of(const std::string& manifest, const std::string& path) {
  std::uint64_t seed = 0;
  for (const char c : manifest + path) {
    seed = seed * 31 + static_cast<unsigned char>(c);
  }
  Dice dice(seed);
  std::vector<std::string> lines;
  const std::size_t count = path == "empty.jsonl" ? 0 : 1 + dice.below(30);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = "\"line " + std::to_string(i) + " of " + manifest + "\"";
    lines.push_back(path == kMaps ? "{\"f\":" + text + ",\"g\":1}" : text);
  }
  return lines;
}

}  // namespace

Result<std::string> read(const std::string& manifest, const std::string& path) {
  if (!is_there(manifest, path)) {
    return fail(ErrorCode::kNotFound, "the deployment has no such file");
  }
  std::string text;
  for (const std::string& line : lines_of(manifest, path)) {
    text += (text.empty() ? "\n" : "\r\n\n") + line;
  }
  return path == "broken.jsonl" ? text + "\n[1," : text;
}

std::optional<std::vector<std::string>> elements(const std::string& manifest,
                                                 const std::string& path) {
  return is_there(manifest, path) && path != "broken.jsonl"
             ? std::optional(lines_of(manifest, path))
             : std::nullopt;
}

std::string source_of(const model::ForEachTask& loop, const std::string& manifest) {
  return loop.inputs_file.empty() ? loop.inputs : "file " + loop.inputs_file + " of " + manifest;
}

}  // namespace sheaf::sim::deployed_files
