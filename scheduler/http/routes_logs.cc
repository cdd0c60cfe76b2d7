#include <algorithm>
#include <mutex>

#include "scheduler/http/context.h"

namespace sheaf::http {
namespace {

constexpr std::size_t kMaxLogAnswerBytes = 1u << 20;
constexpr std::int64_t kMaxWaitMs = 30'000;
constexpr std::size_t kMaxKnownLengths = 4'096;

struct LogRequest {
  files::LogName name;
  std::uint64_t offset = 0;
  Milliseconds wait{0};
};

/// A log's bytes and whether any will follow.
struct LogPart {
  files::LogChunk chunk;
  bool is_complete = false;
};

/// How long the log will be; nullopt while nobody knows.
using ExpectedLength = std::optional<std::uint64_t>;

ExpectedLength expected_length(const store::RunView& run, const files::LogName& name) {
  const auto place = find_attempt(run, name.attempt);
  if (!place) {
    return 0;
  }
  if (place->record != nullptr) {
    return files::final_length(place->record->outcome, name.stream);
  }
  const core::TaskRow& row = run.tasks[place->task];
  for (const core::AttemptRecord& attempt : run.finished_attempts(place->task)) {
    if (attempt.id == name.attempt) {
      // A failed iteration of a stream knows nothing of the process's log, but its row does.
      const std::uint64_t in_row =
          name.stream == files::LogStream::kStdout ? row.stdout_bytes : row.stderr_bytes;
      return std::max(files::final_length(attempt.outcome, name.stream), in_row);
    }
  }
  return is_terminal(row.state) ? ExpectedLength(0) : std::nullopt;
}

/// Expected lengths by log, each for one version of its run: a run is read when it has changed, not
/// for every piece of a log that comes. Threads: any.
class ExpectedLengths {
 public:
  [[nodiscard]] Result<ExpectedLength> find(const Context& context, const files::LogName& name) {
    // In this order: the run that is read is at least as new as the version.
    const std::uint64_t version = context.service().feed.version(name.run);
    const Key key{name.attempt, name.stream};
    const auto known = known_.with([&key](const auto& all) {
      const auto found = all.find(key);
      return found == all.end() ? std::nullopt : std::optional(found->second);
    });
    if (known && known->version == version) {
      return known->length;
    }
    const auto run = read_run(*context.read(), name.run, {.kind = Identity::Kind::kUser});
    if (!run) {
      return fail(run.error());
    }
    const Known fresh{.version = version, .length = expected_length(*run, name)};
    known_.with([&key, &fresh](auto& all) {
      if (all.size() >= kMaxKnownLengths) {
        all.erase(all.begin());  // Of the oldest attempt.
      }
      all.insert_or_assign(key, fresh);
    });
    return fresh.length;
  }

 private:
  using Key = std::pair<AttemptId, files::LogStream>;
  struct Known {
    std::uint64_t version = 0;
    ExpectedLength length;
  };
  Guarded<std::map<Key, Known>> known_;
};

/// What log requests share.
struct LogService {
  Context& context;
  ExpectedLengths& lengths;
};

Result<LogPart> read_log(const LogService& service, const LogRequest& request) {
  // The expectation first: bytes that come between the two reads are then read.
  const auto expected = service.lengths.find(service.context, request.name);
  if (!expected) {
    return fail(expected.error());
  }
  const files::LogFiles& logs = service.context.service().logs;
  auto chunk = logs.read(request.name, request.offset, kMaxLogAnswerBytes);
  const auto length = logs.length(request.name);
  if (!chunk || !length) {
    return fail(!chunk ? chunk.error() : length.error());
  }
  const bool is_complete = *expected && chunk->next_offset >= std::max(**expected, *length);
  return LogPart{.chunk = std::move(*chunk), .is_complete = is_complete};
}

Response log_response(LogPart part) {
  Response response;
  response.content_type = "application/octet-stream";
  response.headers = {{"X-Sheaf-Offset", std::to_string(part.chunk.next_offset)},
                      {"X-Sheaf-Complete", part.is_complete ? "true" : "false"}};
  response.body = std::move(part.chunk.bytes);
  return response;
}

/// A client that waits for more of a log: woken by its bytes, by its run's changes and by time.
/// Threads: any of the pool; wake() also from the core and the ingest thread.
class LogTail : public std::enable_shared_from_this<LogTail> {
 public:
  LogTail(const LogService& service, LogRequest request, Respond respond)
      : log_service_(service),
        context_(service.context),
        request_(request),
        respond_(std::move(respond)) {}

  void start() {
    if (!begin_watch()) {
      return;
    }
    context_.service().pool.after(request_.wait,
                                  [self = shared_from_this()] { self->look(Time::kIsOver); });
    look(Time::kRemains);
  }

 private:
  enum class Time { kRemains, kIsOver };

  bool begin_watch() {
    // Under the lock: the log may grow before the watch has its number.
    const std::lock_guard lock(mutex_);
    auto watch =
        context_.service().logs.watch(request_.name, [self = shared_from_this()] { self->wake(); });
    const auto number = context_.keep_watch(std::move(watch));
    if (!number) {
      is_answered_ = true;
      respond_(error_response(number.error()));
      return false;
    }
    watch_ = *number;
    return true;
  }

  void wake() {
    context_.service().pool.post([self = shared_from_this()] { self->look(Time::kRemains); });
  }

  void look(Time time) {
    const std::lock_guard lock(mutex_);
    if (is_answered_) {
      return;
    }
    const std::uint64_t version = context_.service().feed.version(request_.name.run);
    auto part = read_log(log_service_, request_);
    const bool is_ready = !part || !part->chunk.bytes.empty() || part->is_complete;
    if (is_ready || time == Time::kIsOver) {
      return finish(part ? log_response(std::move(*part)) : error_response(part.error()));
    }
    wait_for_run(version);
  }

  /// REQUIRES: mutex_.
  void wait_for_run(std::uint64_t version) {
    if (waiter_) {
      context_.service().feed.cancel(*waiter_);
    }
    const auto waiter = context_.service().feed.wait(
        request_.name.run, version, [self = shared_from_this()] { self->wake(); });
    if (!waiter) {
      return finish(error_response(waiter.error()));
    }
    waiter_ = *waiter;
  }

  /// REQUIRES: mutex_.
  void finish(Response response) {
    is_answered_ = true;
    if (waiter_) {
      context_.service().feed.cancel(*waiter_);
    }
    context_.drop_watch(watch_);
    respond_(std::move(response));
  }

  const LogService log_service_;
  Context& context_;
  const LogRequest request_;
  const Respond respond_;
  std::uint64_t watch_ = 0;
  std::mutex mutex_;
  bool is_answered_ = false;
  std::optional<ChangeFeed::WaiterId> waiter_;
};

Result<LogRequest> read_request(const Context& context, const Call& call) {
  const auto attempt = id_placeholder(call, 0);
  const auto offset = number_argument(call, "offset", 0);
  const auto wait = number_argument(call, "wait_ms", 0);
  for (const auto* number : {&attempt, &offset, &wait}) {
    if (!*number) {
      return fail(number->error());
    }
  }
  const std::string& stream = call.placeholders.at(1);
  if (stream != "stdout" && stream != "stderr") {
    return fail(ErrorCode::kNotFound, "a log is stdout or stderr");
  }
  const auto reader = context.read();
  const auto run = reader->run_of_attempt(AttemptId{*attempt});
  const auto record = run && *run ? reader->run_record(**run)
                                  : Result<std::optional<core::RunRecord>>(std::nullopt);
  if (!run || !record) {
    return fail(!run ? run.error() : record.error());
  }
  if (!*record) {  // Never there, or deleted.
    return fail(ErrorCode::kNotFound, "Run " + std::to_string(*attempt) + " does not exist.");
  }
  return LogRequest{.name = {.run = **run,
                             .attempt = AttemptId{*attempt},
                             .stream = stream == "stdout" ? files::LogStream::kStdout
                                                          : files::LogStream::kStderr},
                    .offset = static_cast<std::uint64_t>(*offset),
                    .wait = Milliseconds(std::min(*wait, kMaxWaitMs))};
}

void get_log(const LogService& service, const Call& call, const Respond& respond) {
  const auto request = read_request(service.context, call);
  if (!request) {
    return respond(error_response(request.error()));
  }
  if (request->wait > Milliseconds(0)) {
    return std::make_shared<LogTail>(service, *request, respond)->start();
  }
  auto part = read_log(service, *request);
  respond(part ? log_response(std::move(*part)) : error_response(part.error()));
}

}  // namespace

void add_log_routes(Router& router, const ContextPointer& context) {
  const auto lengths = std::make_shared<ExpectedLengths>();
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/attempts/{attempt}/logs/{stream}",
              .handler = [context, lengths](const Call& call, const Respond& respond) {
                get_log({.context = *context, .lengths = *lengths}, call, respond);
              }});
}

}  // namespace sheaf::http
