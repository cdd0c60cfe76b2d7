#include <cerrno>

#include <boost/json.hpp>
#include <unistd.h>

#include "common/model/manifest.h"
#include "scheduler/http/context.h"
#include "scheduler/http/json_reading.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

class BlobSource : public BodySource {
 public:
  explicit BlobSource(files::OpenBlob blob) : blob_(std::move(blob)) {}

  [[nodiscard]] std::uint64_t size() const override { return blob_.size; }

  Result<std::size_t> read(std::span<char> buffer) override {
    ssize_t count = 0;
    do {
      count = ::read(blob_.file.get(), buffer.data(), buffer.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      return fail(os::error_of_errno(errno, "read a blob"));
    }
    sent_ += static_cast<std::uint64_t>(count);
    if (count == 0 && sent_ != blob_.size) {
      return fail(ErrorCode::kCorrupt, "a blob is shorter than it was");
    }
    return static_cast<std::size_t>(count);
  }

 private:
  files::OpenBlob blob_;
  std::uint64_t sent_ = 0;
};

class BlobSink : public BodySink {
 public:
  explicit BlobSink(files::BlobWriter writer) : writer_(std::move(writer)) {}

  Result<void> write(std::string_view piece) override { return writer_.append(piece); }

  Response finish() override {
    const auto finished = writer_.finish();
    return finished ? json_response(json::object(), 201) : storage_response(finished.error());
  }

  /// kExhausted means the disk here, not the caller.
  static Response storage_response(const Error& error) {
    return error.code == ErrorCode::kExhausted
               ? error_response(507, "INSUFFICIENT_STORAGE", error.message)
               : error_response(error);
  }

 private:
  files::BlobWriter writer_;
};

/// Takes a blob that is there already, so that the client's bytes have somewhere to go.
class KnownBlobSink : public BodySink {
 public:
  Result<void> write(std::string_view) override { return {}; }
  Response finish() override { return json_response(json::object()); }
};

std::variant<std::unique_ptr<BodySink>, Response> open_upload(const Context& context,
                                                              const Call& call) {
  const std::string& digest = call.placeholders.at(0);
  const auto is_known = context.service().blobs.contains(digest);
  if (!is_known) {
    return error_response(is_known.error());
  }
  if (*is_known) {
    return std::make_unique<KnownBlobSink>();
  }
  auto writer = context.service().blobs.begin(digest);
  if (!writer) {
    return BlobSink::storage_response(writer.error());
  }
  return std::make_unique<BlobSink>(std::move(*writer));
}

/// An attempt gets the files of its own deployment.
Result<void> check_scope(Context& context, const Identity& identity, const std::string& digest) {
  if (identity.kind != Identity::Kind::kAttempt) {
    return {};
  }
  const auto refusal = [] {
    return fail(ErrorCode::kUnauthorized, "this blob is not of the attempt's deployment");
  };
  const auto reader = context.read();
  const auto own = reader->run_of_attempt(identity.attempt);
  if (!own || !*own) {
    return own ? refusal() : fail(own.error());
  }
  const auto run = find_run(*reader, **own, identity);
  if (!run) {
    return fail(run.error());
  }
  if (run->manifest_digest.empty()) {
    return refusal();
  }
  const auto files = context.files_of(run->manifest_digest);
  if (!files) {
    return fail(files.error());
  }
  return (*files)->contains(digest) ? Result<void>() : refusal();
}

Result<Response> get_blob(Context& context, const Call& call) {
  const std::string& digest = call.placeholders.at(0);
  if (auto checked = check_scope(context, call.identity, digest); !checked) {
    return fail(checked.error());
  }
  auto blob = context.service().blobs.open_blob(digest);
  if (!blob) {
    return fail(blob.error());
  }
  Response response;
  response.content_type = "application/octet-stream";
  response.source = std::make_unique<BlobSource>(std::move(*blob));
  return response;
}

Result<Response> list_missing(const Context& context, const Call& call) {
  const auto body = parse_json_object(call.request.body);
  if (!body) {
    return fail(body.error());
  }
  const auto* value = body->if_contains("digests");
  if (value == nullptr || !value->is_array()) {
    return fail(ErrorCode::kInvalid, "digests: must be a list of digests");
  }
  std::vector<std::string> digests;
  for (const json::value& digest : value->get_array()) {
    if (!digest.is_string() || !model::is_digest(digest.get_string())) {
      return fail(ErrorCode::kInvalid, "digests: each must be 64 lower-case hexadecimal digits");
    }
    digests.emplace_back(digest.get_string());
  }
  const auto missing = context.service().blobs.missing(digests);
  if (!missing) {
    return fail(missing.error());
  }
  json::array list;
  for (const std::string& digest : *missing) {
    list.emplace_back(digest);
  }
  return json_response({{"missing", std::move(list)}});
}

}  // namespace

void add_file_routes(Router& router, const ContextPointer& context) {
  router.add({.method = "PUT",
              .pattern = "/api/sheaf/v1/blobs/{sha256}",
              .body = BodyKind::kStream,
              .open_sink = [context](const Call& call) { return open_upload(*context, call); }});
  router.add(
      {.method = "GET",
       .pattern = "/api/sheaf/v1/blobs/{sha256}",
       .access = Access::kAttempt,
       .handler = to_handler([context](const Call& call) { return get_blob(*context, call); })});
  router.add({.method = "POST",
              .pattern = "/api/sheaf/v1/blobs/missing",
              .body = BodyKind::kJson,
              .handler = to_handler(
                  [context](const Call& call) { return list_missing(*context, call); })});
}

}  // namespace sheaf::http
