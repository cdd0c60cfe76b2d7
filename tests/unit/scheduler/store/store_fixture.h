// A store in a folder of its own, and batches to fill it with.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scheduler/store/rocks_store.h"
#include "scheduler/store/store.h"

namespace sheaf::store {

/// A folder that is removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A settings document with `task_count` tasks, and its (made-up) digest.
[[nodiscard]] std::string settings_json(std::uint32_t task_count);
[[nodiscard]] std::string settings_digest(std::uint32_t task_count);

/// A batch that follows `head`, in epoch 1.
[[nodiscard]] Batch next_batch(const Head& head);

/// A run of job 101 whose first attempts follow its id.
[[nodiscard]] core::RunRecord a_run(std::int64_t id,
                                    model::RunState state,
                                    std::uint32_t task_count = 2);

/// Adds the run with fresh tasks, its settings and its RunSubmitted event.
void add_run(Batch& batch, const core::RunRecord& run);

/// Everything that a reader can tell of the store, as text: equal stores give equal text.
[[nodiscard]] Result<std::string> describe_store(const Store& store);

class StoreTest : public testing::Test {
 protected:
  /// Opens the store below `folder()`; the test fails when that fails.
  void open();
  void close() { store_.reset(); }
  void commit(const Batch& batch);

  [[nodiscard]] std::filesystem::path folder() const { return temporary_.path() / "store"; }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] Batch next() { return next_batch(store_->head()); }

 private:
  TemporaryFolder temporary_;
  std::unique_ptr<Store> store_;
};

}  // namespace sheaf::store
