// What is acknowledged survives: power loss at any operation, damaged bytes, failing disks.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include "scheduler/core/state.h"
#include "scheduler/store/rows.h"
#include "tests/unit/scheduler/store/fault_file_system.h"
#include "tests/unit/scheduler/store/samples.h"
#include "tests/unit/scheduler/store/store_fixture.h"

namespace sheaf::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBatches = 25;

/// SHEAF_SEEDS raises the number for long runs.
unsigned seed_count(unsigned standard) {
  const char* text = std::getenv("SHEAF_SEEDS");
  return text == nullptr ? standard : static_cast<unsigned>(std::stoul(text));
}

/// Batch `number` of a history that only the seed decides.
Batch history_batch(unsigned seed, std::uint64_t number, const Head& head) {
  std::mt19937 random(seed * 1'000 + static_cast<unsigned>(number));
  Batch batch = next_batch(head);
  add_run(batch, a_run(static_cast<std::int64_t>(1'000 * number), model::RunState::kRunning, 150));
  if (number > 1) {
    // An earlier run goes on: one page with details of some size.
    const auto earlier = static_cast<std::int64_t>(1'000 * (1 + random() % (number - 1)));
    Batch::TaskPage page{.run = RunId{earlier}, .page = 0};
    page.rows.resize(core::kTasksPerPage, sample_task());
    page.details[0] = sample_details();
    page.details[0].message.assign(random() % 20'000, 'x');
    batch.pages.push_back(std::move(page));
    core::AlertRecord alert = sample_alert();
    alert.id = AlertId{earlier};
    batch.alerts.emplace(alert.id, alert);
  }
  return batch;
}

/// A store on a disk of its own that can be told to fail.
class Round {
 public:
  explicit Round(unsigned seed) : seed_(seed) {}

  [[nodiscard]] fs::path folder() const { return temporary_.path() / "store"; }
  [[nodiscard]] fs::path image() const { return temporary_.path() / "image"; }
  [[nodiscard]] FaultFileSystem& disk() { return *disk_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }

  /// Leaves in image() what a power loss before the operation `moment` would.
  void lose_power_at(std::uint64_t moment) {
    disk_->at_operation(moment, [this] {
      acknowledged_at_loss_ = acknowledged_;
      disk_->copy_after_power_loss(folder(), image(), seed_);
    });
  }
  [[nodiscard]] std::uint64_t acknowledged_at_loss() const { return acknowledged_at_loss_; }

  /// Writes the history; stops at the first failure.
  Result<void> write_history() {
    // Small buffers, so that a short history sees flushes and compactions.
    auto store = RocksStore::open(folder(), {.env = env_.get(), .write_buffer_bytes = 64u << 10});
    if (!store) {
      return fail(store.error());
    }
    for (std::uint64_t number = 1; number <= kBatches; ++number) {
      if (auto done = (*store)->commit(history_batch(seed_, number, (*store)->head())); !done) {
        return done;
      }
      acknowledged_ = number;
      chains_.push_back((*store)->head().chain);
    }
    return {};
  }

  /// The store in `folder` holds the batches up to `acknowledged`, at most one more, and nothing
  /// else.
  void expect_prefix(const fs::path& folder, std::uint64_t acknowledged) const {
    const auto store = open_store(folder);
    ASSERT_TRUE(store) << store.error().message;
    const std::uint64_t last = (*store)->head().batch;
    ASSERT_GE(last, acknowledged);
    ASSERT_LE(last, acknowledged + 1);
    if (last > 0 && last <= chains_.size()) {
      EXPECT_EQ((*store)->head().chain, chains_[last - 1]);
    }
    const auto reader = (*store)->read();
    for (std::uint64_t number = 1; number <= last; ++number) {
      const auto run = reader->run(RunId{static_cast<std::int64_t>(1'000 * number)});
      ASSERT_TRUE(run && run->has_value()) << "batch " << number;
      const auto events = reader->batch(number);
      ASSERT_TRUE(events && events->has_value()) << "batch " << number;
    }
    const auto runs = reader->runs(RunFilter{.limit = 1'000});
    ASSERT_TRUE(runs);
    EXPECT_EQ(runs->size(), last);
  }

 private:
  unsigned seed_;
  TemporaryFolder temporary_;
  std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  std::atomic<std::uint64_t> acknowledged_{0};
  std::uint64_t acknowledged_at_loss_ = 0;
  std::vector<std::uint64_t> chains_;  ///< After each acknowledged batch.
};

/// How many operations a history takes; background work makes it differ a little from time to time.
std::uint64_t operations_of_a_history() {
  Round round(0);
  EXPECT_TRUE(round.write_history());
  return round.disk().operations();
}

TEST(PowerLoss, KeepsEveryAcknowledgedBatch) {
  const unsigned seeds = seed_count(8);
  const std::uint64_t operations = operations_of_a_history();
  ASSERT_GT(operations, 2u * kBatches);
  unsigned losses = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    Round round(seed);
    const std::uint64_t moment = 1 + std::mt19937(seed)() % operations;
    round.lose_power_at(moment);
    ASSERT_TRUE(round.write_history());
    if (fs::exists(round.image())) {
      ++losses;
      round.expect_prefix(round.image(), round.acknowledged_at_loss());
      ASSERT_FALSE(testing::Test::HasFailure())
          << "seed " << seed << ", moment " << moment << " of " << operations;
    }
  }
  std::printf("%u power losses, seeds 1 to %u, %lu moments\n", losses, seeds, operations);
  EXPECT_GT(losses, seeds / 2);
}

/// A disk that does not sync breaks the promise; the high-water mark notices, and nothing
/// acknowledged is silently gone. This is also the proof that the test above can fail.
TEST(LyingDisk, IsNoticedAfterAPowerLoss) {
  const unsigned seeds = seed_count(4);
  const std::uint64_t operations = operations_of_a_history();
  unsigned refused = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    Round round(seed);
    round.disk().lie_about_syncs();
    round.lose_power_at(operations / 2);
    if (!round.write_history()) {
      ++refused;  // Noticed while writing already: the commit failed and the process would end.
      continue;
    }
    const auto store = open_store(round.image());
    if (!store) {
      ++refused;
      continue;
    }
    EXPECT_GE((*store)->head().batch, round.acknowledged_at_loss()) << "seed " << seed;
  }
  EXPECT_GT(refused, 0u);
}

/// The n-th operation of the disk fails, and all after it, as disks do. The commit that meets it
/// must fail, and what was acknowledged before must be there for the next process.
TEST(FailingDisk, FailsTheCommitAndKeepsWhatWasAcknowledged) {
  const unsigned seeds = seed_count(8);
  const std::uint64_t operations = operations_of_a_history();
  unsigned failed = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    Round round(seed);
    const std::uint64_t moment = 1 + std::mt19937(seed)() % operations;
    round.disk().fail_at(moment);
    if (const auto written = round.write_history(); !written) {
      ++failed;
      EXPECT_EQ(written.error().code, ErrorCode::kInternal) << written.error().message;
      EXPECT_NE(written.error().message.find("injected"), std::string::npos)
          << written.error().message;
    }
    round.expect_prefix(round.folder(), round.acknowledged());
    ASSERT_FALSE(testing::Test::HasFailure())
        << "seed " << seed << ", moment " << moment << " of " << operations;
  }
  std::printf("%u failed histories, seeds 1 to %u\n", failed, seeds);
  EXPECT_GT(failed, seeds / 2);
}

/// One damaged file of a store at rest.
class Damage {
 public:
  Damage(const fs::path& folder, unsigned seed) : random_(seed) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().filename();
      // RocksDB's own log and locks hold no state.
      if (entry.is_regular_file() && entry.file_size() > 0 && !name.starts_with("LOG") &&
          name != "LOCK" && name != "lock") {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin(), files.end());
    path_ = files[random_() % files.size()];
    const std::uint64_t size = fs::file_size(path_);
    offset_ = random_() % size;
    is_cut_ = random_() % 3 == 0;
    is_cut_ ? fs::resize_file(path_, offset_) : flip();
  }

  [[nodiscard]] std::string describe() const {
    return path_.filename().string() + (is_cut_ ? " cut at " : " flipped at ") +
           std::to_string(offset_);
  }

 private:
  void flip() {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset_));
    const int byte = file.get() ^ (1 << (random_() % 8));
    file.seekp(static_cast<std::streamoff>(offset_));
    file.put(static_cast<char>(byte));
  }

  std::mt19937 random_;
  fs::path path_;
  std::uint64_t offset_ = 0;
  bool is_cut_ = false;
};

TEST(DamagedStore, IsRefusedOrReadsAsItWas) {
  const unsigned seeds = seed_count(40);
  Round round(1);
  ASSERT_TRUE(round.write_history());
  const std::string whole = [&round] {
    const auto store = open_store(round.folder());
    return store ? describe_store(**store).value_or("") : "";
  }();
  ASSERT_FALSE(whole.empty());
  unsigned refused = 0;
  unsigned unreadable = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    fs::remove_all(round.image());
    fs::copy(round.folder(), round.image(), fs::copy_options::recursive);
    const Damage damage(round.image(), seed);
    const auto store = open_store(round.image());
    if (!store) {
      ++refused;
      continue;
    }
    const auto read = describe_store(**store);
    if (!read) {
      ++unreadable;
      EXPECT_EQ(read.error().code, ErrorCode::kCorrupt)
          << damage.describe() << ": " << read.error().message;
      continue;
    }
    EXPECT_TRUE(*read == whole) << "seed " << seed << ": silently different: " << damage.describe();
  }
  std::printf("%u damages: %u refused, %u noticed when read, %u harmless\n",
              seeds,
              refused,
              unreadable,
              seeds - refused - unreadable);
  EXPECT_GT(refused + unreadable, seeds / 4);
}

}  // namespace
}  // namespace sheaf::store
