#include "bundles/globs.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include <glob.h>

namespace sheaf::bundles {
namespace {

namespace fs = std::filesystem;

std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) {
      text += '\\';
    }
    text += c;
  }
  return text;
}

}  // namespace

std::string glob_below(const fs::path& folder, const std::string& pattern) {
  return (fs::path(escaped(folder.string())) / pattern).lexically_normal().string();
}

std::vector<fs::path> expand_glob(const std::string& glob) {
  std::vector<fs::path> found;
  glob_t matches{};
  if (::glob(glob.c_str(), GLOB_NOSORT, nullptr, &matches) == 0) {
    for (std::size_t i = 0; i < matches.gl_pathc; ++i) {
      std::error_code error;
      if (const fs::path file = matches.gl_pathv[i]; fs::is_regular_file(file, error)) {
        found.push_back(file.lexically_normal());
      }
    }
  }
  ::globfree(&matches);
  std::ranges::sort(found);
  return found;
}

}  // namespace sheaf::bundles
