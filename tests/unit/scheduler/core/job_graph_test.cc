#include "scheduler/core/job_graph.h"

#include <optional>

#include <gtest/gtest.h>

#include "tests/support/builders.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;

TEST(JobGraph, FindsATaskByItsKey) {
  const auto job = a_job("j").task(a_task("c")).task(a_task("a").after("c")).task(a_task("b"));
  const JobGraph graph(job.build());
  EXPECT_EQ(graph.find("c"), 0U);
  EXPECT_EQ(graph.find("a"), 1U);
  EXPECT_EQ(graph.find("b"), 2U);
  for (const char* key : {"", "aa", "d"}) {
    EXPECT_EQ(graph.find(key), std::nullopt) << key;
  }
}

}  // namespace
}  // namespace sheaf::core
