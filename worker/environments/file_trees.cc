#include "worker/environments/file_trees.h"

#include <set>

#include <unistd.h>

#include "common/base/limits.h"
#include "common/http_client/http_client.h"
#include "common/os/file.h"
#include "worker/environments/tree_files.h"

namespace sheaf::environments {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSealBytes = 1'000;

/// Beside the tree: how it looked when it was last whole.
fs::path seal_of(const fs::path& tree) {
  fs::path path = tree;
  path += ".seal";
  return path;
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

Result<model::Manifest> FileTrees::fetch_manifest(const std::string& digest,
                                                  const Source& source) const {
  const auto file = fetch(digest, source);
  if (!file) {
    return fail(file.error());
  }
  const auto text = os::read_file(*file, model::kMaxManifestBytes);
  if (!text) {
    return fail(text.error());
  }
  auto manifest = model::parse_manifest(*text);
  if (!manifest) {
    return fail(manifest.error(), "the deployment's manifest");
  }
  return manifest;
}

Result<void> FileTrees::write_file(const model::ManifestFile& file,
                                   const fs::path& target,
                                   const Source& source) const {
  const auto blob = fetch(file.digest, source);
  if (!blob) {
    return fail(blob.error(), file.path);
  }
  // A running task may read the old one: it keeps it.
  fs::path part = target;
  part += ".sheaf-part";
  if (auto removed = remove_tree(part); !removed) {
    return removed;
  }
  std::error_code error;
  fs::copy_file(*blob, part, error);
  if (error) {
    return fail(ErrorCode::kInternal, target.string() + ": " + error.message());
  }
  make_read_only(part, file.is_executable);
  if (fs::is_directory(fs::symlink_status(target, error))) {
    if (auto removed = remove_tree(target); !removed) {
      return removed;
    }
  }
  return rename_into_place(part, target);
}

Result<std::vector<std::string>> FileTrees::write_files(const model::Manifest& manifest,
                                                        const fs::path& tree,
                                                        const Source& source) const {
  std::set<fs::path> folders{tree};
  for (const model::ManifestFile& file : manifest.files) {
    for (fs::path folder = (tree / file.path).parent_path(); folder != tree;
         folder = folder.parent_path()) {
      folders.insert(folder);
    }
  }
  for (const fs::path& folder : folders) {  // parents come first
    if (auto made = make_writable_folder(folder); !made) {
      return fail(made.error());
    }
  }
  std::vector<std::string> written;
  for (const model::ManifestFile& file : manifest.files) {
    if (is_intact(tree / file.path, file)) {
      continue;
    }
    if (auto done = write_file(file, tree / file.path, source); !done) {
      return fail(done.error());
    }
    written.push_back(file.path);
  }
  for (const fs::path& folder : folders) {
    make_read_only(folder, true);
  }
  if (auto synced = os::sync_file_system(tree); !synced) {
    return fail(synced.error());
  }
  return written;
}

Result<void> FileTrees::seal(const fs::path& tree) const {
  const auto fingerprint = fingerprint_of(tree);
  if (!fingerprint) {
    return fail(fingerprint.error());
  }
  return os::replace_file(seal_of(tree), *fingerprint);
}

Result<void> FileTrees::build(const fs::path& tree, const Source& source) const {
  const auto manifest = fetch_manifest(tree.filename(), source);
  if (!manifest) {
    return fail(manifest.error());
  }
  // Built aside, synced and renamed: what has the final name is whole.
  fs::path part = tree;
  part += ".part";
  if (auto removed = remove_tree(part); !removed) {
    return removed;
  }
  if (const auto written = write_files(*manifest, part, source); !written) {
    return fail(written.error());
  }
  if (auto renamed = rename_into_place(part, tree); !renamed) {
    return renamed;
  }
  return seal(tree);
}

Result<std::vector<std::string>> FileTrees::restore(const fs::path& tree,
                                                    const Source& source) const {
  const auto manifest = fetch_manifest(tree.filename(), source);
  if (!manifest) {
    return fail(manifest.error());
  }
  auto written = write_files(*manifest, tree, source);
  if (!written) {
    return written;
  }
  if (auto sealed = seal(tree); !sealed) {
    return fail(sealed.error());
  }
  return written;
}

Result<FileTrees::Tree> FileTrees::get(const std::string& manifest_digest, const Source& source) {
  Tree tree{.path = folder_ / "trees" / manifest_digest, .restored = {}};
  const auto one_builder = building_.of(manifest_digest);
  const std::lock_guard lock(*one_builder);
  std::error_code error;
  if (!fs::exists(tree.path, error)) {
    if (auto built = build(tree.path, source); !built) {
      return fail(built.error());
    }
    return tree;
  }
  const auto sealed = os::read_file(seal_of(tree.path), kMaxSealBytes);
  const auto found = fingerprint_of(tree.path);
  if (sealed && found && *sealed == *found) {
    return tree;
  }
  auto restored = restore(tree.path, source);
  if (!restored) {
    return fail(restored.error());
  }
  tree.restored = *std::move(restored);
  return tree;
}

}  // namespace sheaf::environments
