#include "common/os/cgroups.h"

#include <csignal>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sheaf::os {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kPatience{30'000};

TEST(FindMount, ReadsMountinfo) {
  constexpr std::string_view kText =
      "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
      "41 31 0:38 / /with\\040blank rw shared:7 master:2 - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(find_mount(kText, "cgroup2"), "/with blank");
  EXPECT_EQ(find_mount(kText, "cgroup"), "/sys/fs/cgroup/systemd");
  EXPECT_EQ(find_mount(kText, "tmpfs"), "");
  EXPECT_EQ(find_mount("", "cgroup2"), "");
  EXPECT_EQ(find_mount("torn line without a dash\n", "cgroup2"), "");
}

TEST(OpenCgroupParent, RefusesWhatIsNoCgroup) {
  EXPECT_EQ(open_cgroup_parent(fs::temp_directory_path()).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(open_cgroup_parent("/no/such/folder").error().code, ErrorCode::kNotFound);
}

TEST(Cgroups, EndWithEverythingInThem) {
  const auto parent = open_cgroup_parent({});
  if (!parent) {
    GTEST_SKIP() << parent.error().message;
  }
  ASSERT_TRUE(parent->can_kill);
  const fs::path outer = parent->path / ("sheaf-test-" + std::to_string(::getpid()));
  const fs::path inner = outer / "inner";
  ASSERT_EQ(::mkdir(outer.c_str(), S_IRWXU), 0);
  ASSERT_EQ(::mkdir(inner.c_str(), S_IRWXU), 0);
  EXPECT_FALSE(is_populated(outer).value());
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  std::ofstream(inner / "cgroup.procs") << child;
  EXPECT_TRUE(is_populated(outer).value());
  EXPECT_FALSE(remove_cgroup(outer));
  EXPECT_TRUE(kill_cgroup(outer, kPatience));
  EXPECT_FALSE(is_populated(outer).value());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_TRUE(remove_cgroup(outer));
  EXPECT_FALSE(fs::exists(outer));
}

TEST(Cgroups, ThatDoNotExistAreEmptyAndGone) {
  const fs::path missing = "/sys/fs/cgroup/sheaf-does-not-exist";
  EXPECT_FALSE(is_populated(missing).value());
  EXPECT_TRUE(kill_cgroup(missing, kPatience));
  EXPECT_TRUE(remove_cgroup(missing));
}

}  // namespace
}  // namespace sheaf::os
