#include "worker/environments/file_trees.h"

#include <set>

#include <fcntl.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/http_client/http_client.h"
#include "common/os/digest.h"
#include "common/os/file.h"

namespace sheaf::environments {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 1u << 20;

Result<std::string> digest_of(const fs::path& path) {
  auto file = os::open_file(path, O_RDONLY);
  if (!file) {
    return fail(file.error());
  }
  os::Sha256 hash;
  std::uint64_t offset = 0;
  while (true) {
    auto bytes = os::read_at(file->get(), offset, kReadBytes, path);
    if (!bytes) {
      return fail(bytes.error());
    }
    if (bytes->empty()) {
      return hash.finish();
    }
    hash.add(*bytes);
    offset += bytes->size();
  }
}

/// Removes what a build that was cut short left, also where folders are read-only already.
Result<void> remove_leftover(const fs::path& tree) {
  std::error_code error;
  if (!fs::exists(tree, error)) {
    return {};
  }
  fs::permissions(tree, fs::perms::owner_all, error);
  for (auto entry = fs::recursive_directory_iterator(tree, error);
       !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    if (entry->is_directory(error) && !entry->is_symlink(error)) {
      fs::permissions(entry->path(), fs::perms::owner_all, error);
    }
  }
  fs::remove_all(tree, error);
  if (error) {
    return fail(ErrorCode::kInternal, tree.string() + ": " + error.message());
  }
  return {};
}

Result<void> rename_into_place(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) {
    return fail(ErrorCode::kInternal, to.string() + ": " + error.message());
  }
  return {};
}

/// Puts the blob at `part`; fails with kCorrupt when that is not what its name says.
Result<void> download(const std::string& digest,
                      const fs::path& part,
                      const FileTrees::Source& source) {
  http_client::HttpClient client;
  const auto response = client.send({.url = source.http_base_url + "/api/sheaf/v1/blobs/" + digest,
                                     .headers = {{"Authorization", "Bearer " + source.token}},
                                     .answer_file = part,
                                     .timeout = std::chrono::minutes(30),
                                     .max_answer_bytes = limits::kMaxBlobBytes,
                                     .is_cancelled = [&] { return source.is_cancelled.load(); }});
  if (!response) {
    return fail(response.error(), "fetching a file of the deployment");
  }
  if (!response->is_success()) {
    return fail(ErrorCode::kUnavailable,
                "the scheduler answered " + std::to_string(response->status) + " for file " +
                    digest + ": " + response->body);
  }
  const auto received = digest_of(part);
  if (!received) {
    return fail(received.error());
  }
  if (*received != digest) {
    return fail(ErrorCode::kCorrupt, "file " + digest + " arrived damaged");
  }
  return {};
}

/// Owner and others may read (and enter, run); nobody writes.
void make_read_only(const fs::path& path, bool is_executable) {
  std::error_code ignored;
  fs::permissions(path, fs::perms(is_executable ? 0555 : 0444), ignored);
}

}  // namespace

Result<void> FileTrees::prepare_folder(const fs::path& folder) {
  for (const char* name : {"blobs", "trees"}) {
    if (auto made = os::make_private_folder(folder / name); !made) {
      return made;
    }
  }
  return {};
}

Result<fs::path> FileTrees::fetch(const std::string& digest, const Source& source) const {
  const fs::path path = folder_ / "blobs" / digest;
  std::error_code error;
  if (fs::exists(path, error)) {
    const auto found = digest_of(path);
    if (found && *found == digest) {
      return path;
    }
  }
  if (source.is_cancelled.load()) {
    return fail(ErrorCode::kUnavailable, "cancelled while its files were fetched");
  }
  fs::path part = path;
  part += ".part" + std::to_string(::gettid());
  if (auto received = download(digest, part, source); !received) {
    fs::remove(part, error);
    return fail(received.error());
  }
  if (auto renamed = rename_into_place(part, path); !renamed) {
    return fail(renamed.error());
  }
  return path;
}

Result<void> FileTrees::copy_files(const model::Manifest& manifest,
                                   const fs::path& tree,
                                   const Source& source) const {
  std::error_code error;
  std::set<fs::path> folders{tree};
  for (const model::ManifestFile& file : manifest.files) {
    auto blob = fetch(file.digest, source);
    if (!blob) {
      return fail(blob.error(), file.path);
    }
    const fs::path target = tree / file.path;
    fs::create_directories(target.parent_path(), error);
    for (fs::path folder = target.parent_path(); folder != tree; folder = folder.parent_path()) {
      folders.insert(folder);
    }
    fs::copy_file(*blob, target, error);
    if (error) {
      return fail(ErrorCode::kInternal, target.string() + ": " + error.message());
    }
    make_read_only(target, file.is_executable);
  }
  for (const fs::path& folder : folders) {
    make_read_only(folder, true);
  }
  return {};
}

Result<void> FileTrees::build(const fs::path& tree, const Source& source) const {
  auto manifest_file = fetch(tree.filename(), source);
  if (!manifest_file) {
    return fail(manifest_file.error());
  }
  auto text = os::read_file(*manifest_file, model::kMaxManifestBytes);
  if (!text) {
    return fail(text.error());
  }
  auto manifest = model::parse_manifest(*text);
  if (!manifest) {
    return fail(manifest.error(), "the deployment's manifest");
  }
  // Built aside, synced and renamed: what has the final name is whole.
  fs::path part = tree;
  part += ".part";
  if (auto removed = remove_leftover(part); !removed) {
    return removed;
  }
  if (auto made = os::make_private_folder(part); !made) {
    return made;
  }
  if (auto copied = copy_files(*manifest, part, source); !copied) {
    return copied;
  }
  if (auto synced = os::sync_file_system(part); !synced) {
    return synced;
  }
  if (auto renamed = rename_into_place(part, tree); !renamed) {
    return renamed;
  }
  return os::sync_folder(tree.parent_path());
}

Result<fs::path> FileTrees::get(const std::string& manifest_digest, const Source& source) {
  const fs::path tree = folder_ / "trees" / manifest_digest;
  const auto one_builder = building_.of(manifest_digest);
  const std::lock_guard lock(*one_builder);
  std::error_code error;
  if (!fs::exists(tree, error)) {
    if (auto built = build(tree, source); !built) {
      return fail(built.error());
    }
  }
  return tree;
}

}  // namespace sheaf::environments
