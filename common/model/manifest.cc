#include "common/model/manifest.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sheaf::model {
namespace {

constexpr std::string_view kName = "sheaf-manifest ";
constexpr std::string_view kHead = "sheaf-manifest 1\n";
constexpr std::size_t kDigestDigits = 64;

bool is_path_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != "..";
}

// Takes the text up to `end` off the front; nothing when `end` does not come.
std::optional<std::string_view> take_until(std::string_view& rest, char end) {
  const std::size_t position = rest.find(end);
  if (position == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view taken = rest.substr(0, position);
  rest.remove_prefix(position + 1);
  return taken;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  const bool is_canonical = error == std::errc() && end == text.data() + text.size() &&
                            (text.size() == 1 || text.front() != '0');
  return is_canonical ? std::optional(size) : std::nullopt;
}

std::optional<ManifestFile> parse_line(std::string_view line) {
  const std::optional<std::string_view> digest = take_until(line, ' ');
  const std::optional<std::string_view> size_text = take_until(line, ' ');
  const std::optional<std::string_view> mode = take_until(line, ' ');
  if (!digest || !size_text || !mode || !is_digest(*digest) || (*mode != "x" && *mode != "-") ||
      !is_manifest_path(line)) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> size = parse_size(*size_text);
  if (!size) {
    return std::nullopt;
  }
  return ManifestFile{.path = std::string(line),
                      .digest = std::string(*digest),
                      .size = *size,
                      .is_executable = *mode == "x"};
}

Failure corrupt_line(std::size_t number, const std::string& what) {
  return fail(ErrorCode::kCorrupt, "manifest line " + std::to_string(number) + ": " + what);
}

// A file may not be a folder of another one: "a" and "a/b". Sorted order does not put them side by
// side
// ("a", "a-b", "a/b"), so each parent folder is looked up.
bool has_file_as_folder(const Manifest& manifest, std::string_view path) {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    const std::string_view parent = path.substr(0, slash);
    const auto found =
        std::ranges::lower_bound(manifest.files, parent, {}, [](const ManifestFile& file) {
          return std::string_view(file.path);
        });
    if (found != manifest.files.end() && found->path == parent) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_manifest_path(std::string_view path) {
  if (path.empty() || path.size() > kMaxManifestPathBytes) {
    return false;
  }
  const bool is_printable = std::ranges::all_of(
      path, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; });
  while (true) {
    const std::size_t slash = path.find('/');
    if (!is_path_segment(path.substr(0, slash))) {
      return false;
    }
    if (slash == std::string_view::npos) {
      return is_printable;
    }
    path.remove_prefix(slash + 1);
  }
}

bool is_manifest_name(std::string_view name) {
  return is_manifest_path(name) && name.find('/') == std::string_view::npos;
}

bool is_digest(std::string_view text) {
  return text.size() == kDigestDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string format_manifest(const Manifest& manifest) {
  std::vector<const ManifestFile*> files;
  for (const ManifestFile& file : manifest.files) {
    files.push_back(&file);
  }
  std::ranges::sort(
      files, {}, [](const ManifestFile* file) { return std::string_view(file->path); });
  std::string text(kHead);
  for (const ManifestFile* file : files) {
    text += file->digest + " " + std::to_string(file->size) +
            (file->is_executable ? " x " : " - ") + file->path + "\n";
  }
  return text;
}

Result<Manifest> parse_manifest(std::string_view text) {
  if (text.size() > kMaxManifestBytes) {
    return fail(ErrorCode::kExhausted, "the manifest is larger than allowed");
  }
  if (!text.starts_with(kName)) {
    return fail(ErrorCode::kCorrupt, "not a manifest");
  }
  if (!text.starts_with(kHead)) {
    return fail(ErrorCode::kUnsupported, "a manifest of another version");
  }
  text.remove_prefix(kHead.size());
  Manifest manifest;
  std::size_t number = 1;
  while (!text.empty()) {
    ++number;
    const std::optional<std::string_view> line = take_until(text, '\n');
    std::optional<ManifestFile> file = line ? parse_line(*line) : std::nullopt;
    if (!file) {
      return corrupt_line(number, "not \"<sha256> <size> <x|-> <path>\"");
    }
    if (!manifest.files.empty() && manifest.files.back().path >= file->path) {
      return corrupt_line(number, "out of order: " + file->path);
    }
    if (manifest.files.size() == kMaxManifestFiles) {
      return fail(ErrorCode::kExhausted, "the manifest has more files than allowed");
    }
    if (has_file_as_folder(manifest, file->path)) {
      return corrupt_line(number, "below another file: " + file->path);
    }
    manifest.files.push_back(std::move(*file));
  }
  return manifest;
}

}  // namespace sheaf::model
