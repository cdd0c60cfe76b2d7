#include "bundles/value.h"

#include <gtest/gtest.h>

#include "bundles/scalars.h"

namespace sheaf::bundles {
namespace {

Value a_tree() {
  Value task = make_map();
  put(task, "task_key", make_string("train"));
  Value tasks = make_list();
  tasks.items.push_back(std::move(task));
  Value root = make_map();
  put(root, "tasks", std::move(tasks));
  put(root, "tags", make_map());
  put(*find(root, "tags"), "a.b", make_string("dotted"));
  put(*find(root, "tags"), "a", make_string("plain"));
  return root;
}

TEST(Follow, WalksMapsAndLists) {
  const Value root = a_tree();
  const Found found = follow(root, "tasks[0].task_key");
  EXPECT_TRUE(found.is_exact());
  EXPECT_EQ(found.value->text, "train");
  EXPECT_EQ(found.member->key, "task_key");
}

TEST(Follow, FindsKeysWithDots) {
  const Value root = a_tree();
  EXPECT_EQ(follow(root, "tags.a.b").value->text, "dotted");
  EXPECT_EQ(follow(root, "tags.a").value->text, "plain");
}

TEST(Follow, StopsAtTheDeepestValueThatIsThere) {
  const Value root = a_tree();
  const Found missing = follow(root, "tasks[0].depends_on[1].task_key");
  EXPECT_FALSE(missing.is_exact());
  EXPECT_EQ(missing.rest, "depends_on[1].task_key");
  EXPECT_TRUE(missing.value->is_map());
  for (const char* path :
       {"tasks[1]", "tasks[x]", "tasks[", "tasks[0", "tasks[99999999999999999999]"}) {
    EXPECT_FALSE(follow(root, path).is_exact()) << path;
  }
}

TEST(Scalars, ConvertWhatRealBundlesWrite) {
  EXPECT_EQ(as_boolean(make_string("Yes")), true);
  EXPECT_EQ(as_boolean(make_string("n")), false);
  EXPECT_EQ(as_boolean(make_string("maybe")), std::nullopt);
  EXPECT_EQ(as_boolean(make_integer(1)), std::nullopt);
  EXPECT_EQ(as_integer(make_string("+5")), 5);
  EXPECT_EQ(as_integer(make_string("-0")), 0);
  EXPECT_EQ(as_integer(make_string("5.0")), std::nullopt);
  EXPECT_EQ(as_integer(make_string("99999999999999999999")), std::nullopt);
  EXPECT_EQ(as_text(make_boolean(true)), "true");
  EXPECT_EQ(as_text(make_list()), std::nullopt);
}

}  // namespace
}  // namespace sheaf::bundles
