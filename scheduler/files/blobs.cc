#include "scheduler/files/blobs.h"

#include <cerrno>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"

namespace sheaf::files {
namespace {

namespace fs = std::filesystem;

/// Nothing when there is no such file.
Result<std::optional<std::uint64_t>> size_of(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) {
      return fail(ErrorCode::kCorrupt, path.string() + " is not a file");
    }
    return std::optional(static_cast<std::uint64_t>(status.st_size));
  }
  if (errno == ENOENT) {
    return std::optional<std::uint64_t>{};
  }
  return fail(os::error_of_errno(errno, "stat " + path.string()));
}

}  // namespace

struct BlobWriter::Upload {
  std::string digest;
  fs::path incoming;
  fs::path target;
  os::FileDescriptor file;
  os::Sha256 hash;
  std::uint64_t size = 0;

  ~Upload() {
    // Gone after a rename; else the upload was given up.
    ::unlink(incoming.c_str());
  }
};

BlobWriter::BlobWriter(std::unique_ptr<Upload> upload) : upload_(std::move(upload)) {}
BlobWriter::BlobWriter(BlobWriter&&) noexcept = default;
BlobWriter& BlobWriter::operator=(BlobWriter&&) noexcept = default;
BlobWriter::~BlobWriter() = default;

Result<void> BlobWriter::append(std::string_view bytes) {
  if (bytes.size() > limits::kMaxBlobBytes - upload_->size) {
    return fail(ErrorCode::kExhausted,
                "a blob has at most " + std::to_string(limits::kMaxBlobBytes) + " bytes");
  }
  upload_->size += bytes.size();
  upload_->hash.add(bytes);
  return os::write_all(upload_->file.get(), bytes, upload_->incoming);
}

Result<void> BlobWriter::finish() {
  const std::string digest = upload_->hash.finish();
  if (digest != upload_->digest) {
    return fail(ErrorCode::kInvalid,
                "the content has the digest " + digest + ", not " + upload_->digest);
  }
  if (auto synced = os::sync_data(upload_->file.get(), upload_->incoming); !synced) {
    return synced;
  }
  const fs::path folder = upload_->target.parent_path();
  if (auto made = os::make_private_folder(folder); !made) {
    return made;
  }
  if (::rename(upload_->incoming.c_str(), upload_->target.c_str()) != 0) {
    return fail(os::error_of_errno(errno, "rename " + upload_->incoming.string()));
  }
  return os::sync_folder(folder);
}

Result<std::unique_ptr<Blobs>> Blobs::open(const fs::path& folder) {
  if (auto made = os::make_private_folder(folder); !made) {
    return fail(made.error());
  }
  std::error_code error;
  fs::remove_all(folder / "incoming", error);
  if (error) {
    return fail(os::error_of_errno(error.value(), "remove " + (folder / "incoming").string()));
  }
  if (auto made = os::make_private_folder(folder / "incoming"); !made) {
    return fail(made.error());
  }
  return std::unique_ptr<Blobs>(new Blobs(folder));
}

Result<fs::path> Blobs::path_of(std::string_view digest) const {
  if (!model::is_digest(digest)) {
    return fail(ErrorCode::kInvalid, "a digest is 64 lower-case hexadecimal digits");
  }
  return folder_ / digest.substr(0, 2) / digest;
}

Result<BlobWriter> Blobs::begin(std::string_view digest) {
  auto target = path_of(digest);
  if (!target) {
    return fail(target.error());
  }
  auto upload = std::make_unique<BlobWriter::Upload>();
  upload->digest = digest;
  upload->target = *std::move(target);
  upload->incoming = folder_ / "incoming" / std::to_string(++uploads_);
  auto file = os::open_file(upload->incoming, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) {
    return fail(file.error());
  }
  upload->file = *std::move(file);
  return BlobWriter(std::move(upload));
}

Result<std::string> Blobs::put(std::string_view bytes) {
  std::string digest = os::sha256_hex(bytes);
  if (const auto known = contains(digest); !known || *known) {
    return known ? Result<std::string>(std::move(digest)) : fail(known.error());
  }
  auto writer = begin(digest);
  if (!writer) {
    return fail(writer.error());
  }
  if (auto appended = writer->append(bytes); !appended) {
    return fail(appended.error());
  }
  if (auto finished = writer->finish(); !finished) {
    return fail(finished.error());
  }
  return digest;
}

Result<bool> Blobs::contains(std::string_view digest) const {
  const auto path = path_of(digest);
  if (!path) {
    return fail(path.error());
  }
  const auto size = size_of(*path);
  if (!size) {
    return fail(size.error());
  }
  return size->has_value();
}

Result<std::vector<std::string>> Blobs::missing(std::span<const std::string> digests) const {
  std::vector<std::string> missing;
  std::set<std::string_view> seen;
  for (const std::string& digest : digests) {
    if (!seen.insert(digest).second) {
      continue;
    }
    const auto known = contains(digest);
    if (!known) {
      return fail(known.error());
    }
    if (!*known) {
      missing.push_back(digest);
    }
  }
  return missing;
}

Result<OpenBlob> Blobs::open_blob(std::string_view digest) const {
  const auto path = path_of(digest);
  if (!path) {
    return fail(path.error());
  }
  auto file = os::open_file(*path, O_RDONLY | O_NOFOLLOW);
  if (!file) {
    return file.error().code == ErrorCode::kNotFound
               ? fail(ErrorCode::kNotFound, "there is no blob " + std::string(digest))
               : fail(file.error());
  }
  const auto size = os::file_size(file->get(), *path);
  if (!size) {
    return fail(size.error());
  }
  return OpenBlob{.file = *std::move(file), .size = *size};
}

Result<std::string> Blobs::read(std::string_view digest, std::size_t max_bytes) const {
  const auto blob = open_blob(digest);
  if (!blob) {
    return fail(blob.error());
  }
  if (blob->size > max_bytes) {
    return fail(
        ErrorCode::kExhausted,
        "blob " + std::string(digest) + " is longer than " + std::to_string(max_bytes) + " bytes");
  }
  auto bytes = os::read_at(blob->file.get(), 0, max_bytes, folder_ / digest);
  if (bytes && os::sha256_hex(*bytes) != digest) {
    return fail(ErrorCode::kCorrupt, "blob " + std::string(digest) + " has another content");
  }
  return bytes;
}

Result<model::Manifest> Blobs::check_manifest(std::string_view digest) const {
  const auto text = read(digest, model::kMaxManifestBytes);
  if (!text) {
    return text.error().code == ErrorCode::kNotFound
               ? fail(ErrorCode::kInvalid, "the manifest " + std::string(digest) + " is missing")
               : fail(text.error());
  }
  auto manifest = model::parse_manifest(*text);
  if (!manifest) {
    return fail(ErrorCode::kInvalid, "manifest: " + manifest.error().message);
  }
  for (const model::ManifestFile& file : manifest->files) {
    const auto path = path_of(file.digest);
    if (!path) {
      return fail(path.error());
    }
    const auto size = size_of(*path);
    if (!size) {
      return fail(size.error());
    }
    if (!size->has_value()) {
      return fail(ErrorCode::kInvalid,
                  "manifest: " + file.path + ": its blob " + file.digest + " is missing");
    }
    if (**size != file.size) {
      return fail(ErrorCode::kInvalid,
                  "manifest: " + file.path + " has " + std::to_string(**size) + " bytes, not " +
                      std::to_string(file.size));
    }
  }
  return manifest;
}

}  // namespace sheaf::files
