#include "tests/unit/scheduler/store/store_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "scheduler/core/state.h"
#include "scheduler/store/rows.h"

namespace sheaf::store {

TemporaryFolder::TemporaryFolder() {
  // In memory where that is possible: what power losses leave is worked out here, not asked of a
  // disk.
  const bool has_memory = ::access("/dev/shm", W_OK) == 0;
  std::string name =
      std::string(has_memory ? "/dev/shm" : testing::TempDir()) + "/sheaf-store-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::string settings_json(std::uint32_t task_count) {
  std::string tasks;
  for (std::uint32_t task = 0; task < task_count; ++task) {
    tasks += std::string(task == 0 ? "" : ",") + R"({"task_key":"t)" + std::to_string(task) +
             R"(","command_task":{"command":["true"]}})";
  }
  return R"({"name":"job","tasks":[)" + tasks + "]}";
}

std::string settings_digest(std::uint32_t task_count) {
  std::string digest = std::to_string(task_count);
  digest.insert(0, 64 - digest.size(), '0');
  return digest;
}

Batch next_batch(const Head& head) {
  return Batch{.number = head.batch + 1, .epoch = 1, .next_id = 1'000'000};
}

core::RunRecord a_run(std::int64_t id, model::RunState state, std::uint32_t task_count) {
  return {.id = RunId{id},
          .job = JobId{101},
          .deployment = DeploymentId{100},
          .name = "job",
          .settings_digest = settings_digest(task_count),
          .state = state,
          .submitted = from_epoch_ms(1'700'000'000'000),
          .first_attempt = AttemptId{id + 1},
          .submitted_size = task_count,
          .graph_size = task_count,
          .task_count = task_count};
}

void add_run(Batch& batch, const core::RunRecord& run) {
  batch.settings[run.settings_digest] = settings_json(run.task_count);
  batch.runs.push_back(run);
  batch.events.push_back({.run = run.id, .events = {core::RunSubmitted{.run = run}}});
  for (std::uint32_t begin = 0; begin < run.task_count; begin += core::kTasksPerPage) {
    Batch::TaskPage page{.run = run.id, .page = begin / core::kTasksPerPage};
    page.rows.resize(std::min(core::kTasksPerPage, run.task_count - begin));
    batch.pages.push_back(std::move(page));
  }
}

namespace {

/// Appends the encoded rows, or fails.
class Description {
 public:
  template <typename Row>
  void add(const Result<std::vector<Row>>& rows) {
    if (!rows) {
      error_ = rows.error();
      return;
    }
    for (const Row& row : *rows) {
      text_ += encode(row) + "\n";
    }
  }
  void add(const Result<std::optional<RunView>>& view) {
    if (!view) {
      error_ = view.error();
      return;
    }
    text_ += encode((*view)->record);
    text_ += encode(DetailsRow{.details = (*view)->details});
    for (const core::TaskRow& task : (*view)->tasks) {
      text_ += encode(TasksRow{.tasks = {task}});
    }
  }
  void add(const Result<std::optional<BatchEvents>>& batch) {
    if (!batch) {
      error_ = batch.error();
      return;
    }
    text_ += encode(EventsRow{.events = (*batch)->events});
  }
  [[nodiscard]] Result<std::string> take() {
    return error_ ? Result<std::string>(fail(*error_)) : Result<std::string>(std::move(text_));
  }

 private:
  std::optional<Error> error_;
  std::string text_;
};

}  // namespace

Result<std::string> describe_store(const Store& store) {
  constexpr std::size_t kMany = 1'000'000;
  const auto reader = store.read();
  Description description;
  description.add(reader->jobs(JobId{}, kMany));
  description.add(reader->deployments());
  description.add(reader->schedules());
  description.add(reader->workers());
  description.add(reader->pending_alerts(kMany));
  const auto runs = reader->runs(RunFilter{.limit = kMany});
  description.add(runs);
  if (runs) {
    for (const core::RunRecord& run : *runs) {
      description.add(reader->run(run.id));
    }
  }
  for (std::uint64_t batch = 1; batch <= store.head().batch; ++batch) {
    description.add(reader->batch(batch));
  }
  return description.take();
}

void StoreTest::open() {
  auto opened = open_store(folder());
  ASSERT_TRUE(opened) << opened.error().message;
  store_ = *std::move(opened);
}

void StoreTest::commit(const Batch& batch) {
  const auto committed = store_->commit(batch);
  ASSERT_TRUE(committed) << committed.error().message;
}

}  // namespace sheaf::store
