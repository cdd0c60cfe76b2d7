// The shim program itself, on folders and specs written by hand.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/file.h"
#include "worker/shim/contract.h"

namespace sheaf {
namespace {

namespace fs = std::filesystem;

class Shim : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sheaf-shim-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  void write_spec(const std::vector<std::string>& fields) const {
    std::string text = std::string(kShimSpecMagic) + '\0';
    for (const std::string& field : fields) {
      text += field + '\0';
    }
    write(kShimSpecFile, text + kShimEnd + '\0');
  }

  // The value of "key=" in a record.
  [[nodiscard]] std::string field(const char* record, const std::string& key) const {
    const std::string text = read(record);
    const auto begin = text.find("\n" + key + "=");
    if (begin == std::string::npos) {
      return "missing";
    }
    const auto value = begin + key.size() + 2;
    return text.substr(value, text.find('\n', value) - value);
  }

  // Runs the shim with these arguments; its exit status, or -1 if a signal ended it.
  static int run_with(const std::vector<std::string>& arguments) {
    std::vector<char*> pointers;
    std::vector<std::string> words = arguments;
    pointers.reserve(words.size() + 2);
    words.insert(words.begin(), "sheaf-shim");
    for (std::string& word : words) {
      pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::execv(SHEAF_SHIM_PROGRAM, pointers.data());
      ::_exit(99);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  [[nodiscard]] int run() const { return run_with({folder_.string()}); }
  [[nodiscard]] const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

TEST_F(Shim, RunsTheSmallestSpec) {
  write_spec({"arg=/bin/true"});
  EXPECT_EQ(run(), kShimDone);
  EXPECT_EQ(field(kShimExitFile, "ended_by"), "exit");
  EXPECT_EQ(field(kShimExitFile, "exit_code"), "0");
  EXPECT_TRUE(read(kShimStartedFile).starts_with(kShimStartedMagic));
  EXPECT_FALSE(fs::exists(folder() / kShimClaimFile));
  EXPECT_FALSE(fs::exists(folder() / kShimExitPartFile));
}

TEST_F(Shim, RefusesWrongArguments) {
  EXPECT_EQ(run_with({}), kShimUsage);
  EXPECT_EQ(run_with({"a", "3", "b"}), kShimUsage);
  EXPECT_EQ(run_with({(folder() / "missing").string()}), kShimUsage);
}

TEST_F(Shim, RefusesAFolderThatIsTaken) {
  for (const char* name : {kShimClaimFile, kShimStartedFile, kShimExitFile, kShimAbandonedFile}) {
    fs::remove_all(folder());
    fs::create_directory(folder());
    write_spec({"arg=/bin/sh", "arg=-c", "arg=echo ran > ledger"});
    write(name, "mark");
    EXPECT_EQ(run(), kShimRefused) << name;
    EXPECT_EQ(read(name), "mark");
    EXPECT_FALSE(fs::exists(folder() / "ledger")) << name;
    EXPECT_EQ(fs::exists(folder() / kShimClaimFile), name == kShimClaimFile) << name;
  }
}

TEST_F(Shim, RefusesSpecsThatItDoesNotUnderstand) {
  const std::vector<std::vector<std::string>> broken = {
      {},                                  // no program
      {"arg=/bin/true", "unknown=1"},      // a key of a later version
      {"arg=/bin/true", "no separator"},   //
      {"arg=/bin/true", "timeout_ms="},    //
      {"arg=/bin/true", "timeout_ms=-1"},  //
      {"arg=/bin/true", "timeout_ms=1x"},  //
      {"arg=/bin/true", "timeout_ms=99999999999999999999"},
      {"arg=/bin/true", "sync=sometimes"},
      {"arg=/bin/true", "end", "arg=more"},  // more behind the end
  };
  for (const auto& fields : broken) {
    fs::remove_all(folder());
    fs::create_directory(folder());
    write_spec(fields);
    EXPECT_EQ(run(), kShimBadSpec) << testing::PrintToString(fields);
    EXPECT_FALSE(fs::exists(folder() / kShimStartedFile));
  }
}

TEST_F(Shim, RefusesASpecTornAnywhere) {
  write_spec({"attempt=5", "arg=/bin/true", "env=A=b"});
  const std::string whole = read(kShimSpecFile);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    fs::remove(folder() / kShimClaimFile);
    write(kShimSpecFile, whole.substr(0, size));
    ASSERT_EQ(run(), kShimBadSpec) << "torn at " << size;
  }
  fs::remove(folder() / kShimClaimFile);
  fs::remove(folder() / kShimSpecFile);
  EXPECT_EQ(run(), kShimBadSpec) << "missing";
}

TEST_F(Shim, RefusesASpecBeyondItsLimit) {
  write_spec({"arg=/bin/true", "env=A=" + std::string(kShimMaxSpecBytes, 'x')});
  EXPECT_EQ(run(), kShimBadSpec);
}

TEST_F(Shim, RecordsLogsThatCannotBeOpened) {
  write_spec({"attempt=5", "stdout=no/such/folder", "arg=/bin/true"});
  EXPECT_EQ(run(), kShimDone);
  EXPECT_EQ(field(kShimExitFile, "ended_by"), "not_started");
  EXPECT_EQ(field(kShimExitFile, "failed_step"), "open");
  EXPECT_EQ(field(kShimExitFile, "failed_subject"), "no/such/folder");
  EXPECT_EQ(field(kShimExitFile, "failed_error"), std::to_string(ENOENT));
  EXPECT_EQ(field(kShimExitFile, "tree_empty"), "1");
  EXPECT_FALSE(fs::exists(folder() / kShimStartedFile));
}

TEST_F(Shim, RecordsLimitsThatCannotBeSet) {
  write_spec({"limit=memory.max=1000", "arg=/bin/true"});
  EXPECT_EQ(run(), kShimDone);
  EXPECT_EQ(field(kShimExitFile, "ended_by"), "not_started");
  EXPECT_EQ(field(kShimExitFile, "failed_step"), "set limit");
}

TEST_F(Shim, FallsBackWhereTheCgroupCannotBeMade) {
  write_spec({"cgroup=/no/such/cgroup", "arg=/bin/true"});
  EXPECT_EQ(run(), kShimDone);
  EXPECT_EQ(field(kShimStartedFile, "cgroup"), "");
  EXPECT_EQ(field(kShimExitFile, "exit_code"), "0");
}

TEST_F(Shim, AppendsToLogsAndMayShareOneForBoth) {
  write("log", "before\n");
  write_spec(
      {"stdout=log", "stderr=log", "arg=/bin/sh", "arg=-c", "arg=echo a; echo b >&2; echo c"});
  EXPECT_EQ(run(), kShimDone);
  EXPECT_EQ(read("log"), "before\na\nb\nc\n");
}

TEST_F(Shim, CutsLongTextsSoThatTheRecordStaysWhole) {
  write_spec({"arg=" + std::string(20'000, 'x')});
  EXPECT_EQ(run(), kShimDone);
  EXPECT_EQ(field(kShimExitFile, "failed_step"), "execute");
  EXPECT_TRUE(read(kShimExitFile).ends_with("\nend\n"));
  EXPECT_GT(field(kShimExitFile, "failed_subject").size(), 1'000u);
}

TEST_F(Shim, RunsNothingIfTheStartCannotBeRecorded) {
  write_spec({"arg=/bin/sh", "arg=-c", "arg=echo ran > ledger"});
  // Files may grow to no byte: the claim can be made, the record cannot be written.
  const rlimit none{.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  const int status = run();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(status, kShimCannotRecord);
  EXPECT_FALSE(fs::exists(folder() / "ledger"));
  EXPECT_FALSE(fs::exists(folder() / kShimStartedFile));
}

TEST_F(Shim, GivesUpAtOnceWhereTheTaskRemovedItsFolder) {
  write_spec({"arg=/bin/sh", "arg=-c", "arg=rm -rf " + folder().string()});
  EXPECT_EQ(run(), kShimCannotRecord);
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(Shim, SyncsNoPipeThatTheTaskPutInPlaceOfItsValues) {
  write_spec({"sync=always", "values=values", "arg=/bin/sh", "arg=-c", "arg=mkfifo values"});
  EXPECT_EQ(run(), kShimDone);
  EXPECT_EQ(field(kShimExitFile, "exit_code"), "0");
}

TEST_F(Shim, IsStaticAndSmall) {
  const std::string program = SHEAF_SHIM_PROGRAM;
  const auto file = os::read_file(program, 64u << 20);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->find("/lib64/ld-linux"), std::string::npos) << "dynamically linked";
}

}  // namespace
}  // namespace sheaf
