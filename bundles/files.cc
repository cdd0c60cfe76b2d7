#include "bundles/files.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "bundles/file_patterns.h"
#include "common/base/limits.h"
#include "common/os/digest.h"
#include "common/os/file.h"
#include "common/os/program.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 1u << 20;
constexpr int kMaxFolderDepth = 100;
/// What a search for `sync.include` may look at.
constexpr std::size_t kMaxWalkedEntries = 1'000'000;

bool is_excluded(std::string_view name) {
  return name == ".git" || name == ".databricks";
}

bool has_excluded_segment(const fs::path& path) {
  if ((path / "").string().starts_with(model::kArtifactFolder)) {
    return true;
  }
  return std::ranges::any_of(path,
                             [](const fs::path& segment) { return is_excluded(segment.string()); });
}

class FileLister {
 public:
  explicit FileLister(const SyncRules& rules) : rules_(rules), root_(rules.root) {}

  Result<ListedFiles> run() {
    std::error_code error;
    real_root_ = fs::canonical(root_, error);
    if (error) {
      return fail(ErrorCode::kNotFound, "no folder " + root_.string());
    }
    for (const std::string& path : rules_.paths) {
      const bool is_folder = path.empty() || fs::is_directory(root_ / path, error);
      if (auto listed = is_folder ? list_folder(path, 0) : add(path, 0); !listed) {
        return fail(listed.error());
      }
    }
    if (auto included = include(); !included) {
      return fail(included.error());
    }
    if (auto excluded = exclude(); !excluded) {
      return fail(excluded.error());
    }
    if (!refused_.empty()) {
      const auto& [name, reason] = *refused_.begin();
      return fail(ErrorCode::kInvalid, shown_name(name) + " " + reason);
    }
    return ListedFiles{.names = {files_.begin(), files_.end()},
                       .dead_links = {dead_links_.begin(), dead_links_.end()}};
  }

 private:
  Result<void> list_folder(const fs::path& folder, int depth) {
    if (depth > kMaxFolderDepth) {
      return fail(ErrorCode::kExhausted, folder.string() + ": folders are nested too deeply");
    }
    const auto names = names_by_git(folder);
    if (!names) {
      return fail(names.error());
    }
    return *names ? add_names(folder, **names, depth) : walk(folder, depth);
  }

  // What git tracks or does not ignore below the folder, relative to it; nothing outside work
  // trees.
  Result<std::optional<std::vector<std::string>>> names_by_git(const fs::path& folder) {
    const auto result = os::run_program(
        {.command = {"git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"},
         .folder = root_ / folder,
         .environment = {"LC_ALL=C", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}});
    if (!result) {
      const bool has_no_git = result.error().code == ErrorCode::kNotFound;
      return has_no_git ? Result<std::optional<std::vector<std::string>>>(std::nullopt)
                        : fail(result.error());
    }
    if (result->exit_status != 0) {
      if (result->standard_error.find("not a git repository") != std::string::npos) {
        return std::nullopt;
      }
      return fail(ErrorCode::kInvalid, "git ls-files: " + result->standard_error);
    }
    std::vector<std::string> names;
    std::string_view rest = result->standard_output;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\0'), rest.size());
      names.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return names;
  }

  Result<void> add_names(const fs::path& folder, const std::vector<std::string>& names, int depth) {
    for (const std::string& name : names) {
      // Submodules and other repositories within are named like folders.
      if (auto added = add((folder / name).lexically_normal(), depth); !added) {
        return added;
      }
    }
    return {};
  }

  Result<void> walk(const fs::path& folder, int depth) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(root_ / folder, error)) {
      if (auto added = add(folder / entry.path().filename(), depth); !added) {
        return added;
      }
    }
    return error ? fail(cannot_list(folder, error)) : Result<void>();
  }

  Result<void> add(const fs::path& relative, int depth) {
    if (has_excluded_segment(relative)) {
      return {};
    }
    std::error_code error;
    const fs::path path = root_ / relative;
    const fs::file_status status = fs::symlink_status(path, error);
    if (fs::is_symlink(status)) {
      return add_link(relative, path);
    }
    if (fs::is_directory(status)) {
      return list_folder(fs::path(relative / "").parent_path(), depth + 1);
    }
    // Sockets and the like have no content; a tracked file may have been removed.
    return fs::is_regular_file(status) ? add_file(relative.string()) : Result<void>();
  }

  // Files that match although git ignores them; links to folders are not followed.
  Result<void> include() {
    if (rules_.include.empty()) {
      return {};
    }
    std::set<std::string> names;
    std::vector<std::string> folders = rules_.paths;
    folders.push_back(rules_.bundle_folder);
    for (const std::string& folder : folders) {
      if (auto walked = walk_all(folder, names); !walked) {
        return walked;
      }
    }
    const auto matched = match_patterns(names, rules_.include);
    if (!matched) {
      return fail(matched.error());
    }
    for (const std::string& name : *matched) {
      if (auto added = add(name, 0); !added) {
        return added;
      }
    }
    return {};
  }

  Result<void> walk_all(const fs::path& folder, std::set<std::string>& names) const {
    std::error_code error;
    if (!fs::is_directory(root_ / folder, error)) {
      return {};
    }
    fs::recursive_directory_iterator entry(root_ / folder, error);
    for (std::size_t seen = 0; !error && entry != fs::recursive_directory_iterator();
         entry.increment(error)) {
      if (++seen > kMaxWalkedEntries) {
        return fail(ErrorCode::kExhausted,
                    "sync.include: more than " + std::to_string(kMaxWalkedEntries) + " files in " +
                        (root_ / folder).string());
      }
      if (is_excluded(entry->path().filename().string()) || entry.depth() > kMaxFolderDepth) {
        entry.disable_recursion_pending();
      } else if (!entry->is_directory(error) || error) {
        error.clear();
        names.insert(entry->path().lexically_relative(root_).string());
      }
    }
    return error ? fail(cannot_list(folder, error)) : Result<void>();
  }

  [[nodiscard]] Error cannot_list(const fs::path& folder, const std::error_code& error) const {
    return {.code = ErrorCode::kInvalid,
            .message = "cannot list " + (root_ / folder).string() + ": " + error.message()};
  }

  Result<void> exclude() {
    std::set<std::string> names = files_;
    names.insert(dead_links_.begin(), dead_links_.end());
    for (const auto& [name, reason] : refused_) {
      names.insert(name);
    }
    const auto matched = match_patterns(names, rules_.exclude);
    if (!matched) {
      return fail(matched.error());
    }
    for (const std::string& name : *matched) {
      files_.erase(name);
      dead_links_.erase(name);
      refused_.erase(name);
    }
    return {};
  }

  Result<void> add_link(const fs::path& relative, const fs::path& path) {
    std::error_code error;
    const fs::path target = fs::weakly_canonical(path, error);
    const std::string inside = target.lexically_relative(real_root_).string();
    if (error == std::errc::too_many_symbolic_link_levels) {
      refuse(relative, "is a link that leads back to itself; remove it");
    } else if (error || inside == ".." || inside.starts_with("../")) {
      refuse(relative, "is a link that leads out of the bundle; copy the file instead");
    } else if (fs::is_directory(target, error)) {
      refuse(relative, "is a link to a folder; only links to files can travel");
    } else if (fs::is_regular_file(target, error)) {
      return add_file(relative.string());
    } else if (!fs::exists(target, error) && !relative.filename().string().starts_with(".#")) {
      // Editors lock a file by a link to nowhere: nothing is missing then.
      dead_links_.insert(relative.string());
    }
    return {};
  }

  void refuse(const fs::path& relative, const std::string& reason) {
    refused_.emplace(relative.string(), reason);
  }

  Result<void> add_file(std::string name) {
    if (!model::is_manifest_path(name)) {
      return fail(ErrorCode::kInvalid,
                  "the name of the file \"" + shown_name(name) + "\" " +
                      (name.size() > model::kMaxManifestPathBytes ? "is too long"
                                                                  : "holds a control character") +
                      ": rename it");
    }
    files_.insert(std::move(name));
    if (files_.size() > model::kMaxManifestFiles) {
      return fail(ErrorCode::kExhausted,
                  "more than " + std::to_string(model::kMaxManifestFiles) +
                      " files: is this the right folder?");
    }
    return {};
  }

  const SyncRules& rules_;
  const fs::path& root_;
  fs::path real_root_;
  std::set<std::string> files_;
  std::set<std::string> dead_links_;
  /// Links that cannot travel and why, unless `exclude` leaves them out.
  std::map<std::string, std::string> refused_;
};

Result<model::ManifestFile> hash_file(const fs::path& path, const std::string& name) {
  const auto file = os::open_file(path, O_RDONLY | O_NONBLOCK);
  if (!file) {
    return fail(ErrorCode::kConflict,
                "the bundle's files changed meanwhile: " + file.error().message);
  }
  struct stat status{};
  if (::fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kConflict, name + " is no longer a file");
  }
  os::Sha256 hash;
  std::uint64_t size = 0;
  while (true) {
    const auto bytes = os::read_at(file->get(), size, kReadBytes, path);
    if (!bytes) {
      return fail(bytes.error());
    }
    hash.add(*bytes);
    size += bytes->size();
    if (size > limits::kMaxBlobBytes) {
      return fail(ErrorCode::kExhausted, name + " is larger than a deployment may hold");
    }
    if (bytes->size() < kReadBytes) {
      break;
    }
  }
  return model::ManifestFile{.path = name,
                             .digest = hash.finish(),
                             .size = size,
                             .is_executable = (status.st_mode & S_IXUSR) != 0};
}

}  // namespace

Result<ListedFiles> list_files(const SyncRules& rules) {
  return FileLister(rules).run();
}

Result<ListedFiles> list_files(const fs::path& root) {
  return list_files(all_below(root));
}

std::string shown_name(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string shown;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7F) {
      shown += c;
    } else {
      shown += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
    }
  }
  return shown;
}

fs::path HashedTree::source_of(const fs::path& root, const model::ManifestFile& file) const {
  const auto found = elsewhere.find(file.path);
  return found == elsewhere.end() ? root / file.path : found->second;
}

Result<HashedTree> hash_files(const fs::path& root,
                              const std::vector<std::string>& files,
                              std::map<std::string, fs::path> elsewhere) {
  std::map<std::string, fs::path> sources = elsewhere;
  for (const std::string& name : files) {
    sources.emplace(name, root / name);
  }
  HashedTree tree;
  for (const auto& [name, path] : sources) {
    auto file = hash_file(path, name);
    if (!file) {
      return fail(file.error());
    }
    tree.manifest.files.push_back(std::move(*file));
  }
  tree.elsewhere = std::move(elsewhere);
  tree.text = model::format_manifest(tree.manifest);
  tree.digest = os::sha256_hex(tree.text);
  return tree;
}

}  // namespace sheaf::bundles
