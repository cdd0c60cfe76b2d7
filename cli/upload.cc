#include "cli/upload.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kDigestsPerQuestion = 10'000;
constexpr Milliseconds kUploadTimeout{60'000};
/// The slowest line that an upload has to come through.
constexpr std::uint64_t kSlowestBytesPerMillisecond = 50;

Result<std::set<std::string>> find_missing(Scheduler& scheduler,
                                           const std::vector<std::string>& digests) {
  std::set<std::string> missing;
  for (std::size_t first = 0; first < digests.size(); first += kDigestsPerQuestion) {
    boost::json::array question;
    const std::size_t end = std::min(first + kDigestsPerQuestion, digests.size());
    for (std::size_t index = first; index < end; ++index) {
      question.emplace_back(digests[index]);
    }
    const auto answer = scheduler.post("/api/sheaf/v1/blobs/missing", {{"digests", question}});
    if (!answer) {
      return fail(answer.error());
    }
    for (const auto& digest : array_at(*answer, "missing")) {
      if (digest.is_string()) {
        missing.emplace(digest.get_string());
      }
    }
  }
  return missing;
}

http_client::Request put_request(const std::string& digest, std::uint64_t size) {
  return {.method = "PUT",
          .url = "/api/sheaf/v1/blobs/" + digest,
          .headers = {{"Content-Type", "application/octet-stream"}},
          .timeout = kUploadTimeout + Milliseconds{size / kSlowestBytesPerMillisecond}};
}

Result<void> put_file(Scheduler& scheduler,
                      const std::filesystem::path& source,
                      const model::ManifestFile& file) {
  auto request = put_request(file.digest, file.size);
  request.body_file = source;
  const auto response = scheduler.send_raw(std::move(request));
  if (!response && response.error().code == ErrorCode::kInvalid) {
    return fail(
        ErrorCode::kConflict,
        file.path + " changed while it was read (" + response.error().message + "): deploy again");
  }
  return response ? Result<void>() : fail(response.error(), file.path);
}

}  // namespace

Result<Uploaded> upload_tree(Scheduler& scheduler,
                             const std::filesystem::path& root,
                             const bundles::HashedTree& tree) {
  std::map<std::string, const model::ManifestFile*> contents;
  for (const model::ManifestFile& file : tree.manifest.files) {
    contents.emplace(file.digest, &file);
  }
  std::vector<std::string> digests{tree.digest};
  for (const auto& [digest, file] : contents) {
    digests.push_back(digest);
  }
  const auto missing = find_missing(scheduler, digests);
  if (!missing) {
    return fail(missing.error());
  }
  Uploaded uploaded;
  for (const auto& [digest, file] : contents) {
    if (!missing->contains(digest)) {
      continue;
    }
    if (auto put = put_file(scheduler, tree.source_of(root, *file), *file); !put) {
      return fail(put.error());
    }
    ++uploaded.files;
    uploaded.bytes += file->size;
  }
  if (missing->contains(tree.digest)) {
    auto request = put_request(tree.digest, tree.text.size());
    request.body = tree.text;
    if (const auto put = scheduler.send_raw(std::move(request)); !put) {
      return fail(put.error(), "manifest");
    }
  }
  return uploaded;
}

}  // namespace sheaf::cli
