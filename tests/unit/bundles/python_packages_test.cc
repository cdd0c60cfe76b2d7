#include "bundles/python_packages.h"

#include <gtest/gtest.h>

#include "bundles/sql_tables.h"

namespace sheaf::bundles {
namespace {

TEST(StandardLibrary, HasWhatComesWithPython) {
  for (const char* module : {"os.path", "__future__", "zoneinfo", "_thread", "abc", "xml.etree"}) {
    EXPECT_TRUE(is_in_standard_library(module)) << module;
  }
  for (const char* module : {"pandas", "o", "os os", "yaml", "collection"}) {
    EXPECT_FALSE(is_in_standard_library(module)) << module;
  }
}

TEST(PackageOf, KnowsPackagesThatAreCalledOtherwise) {
  EXPECT_EQ(package_of("sklearn.ensemble"), "scikit-learn");
  EXPECT_EQ(package_of("cv2"), "opencv-python-headless");
  EXPECT_EQ(package_of("yaml"), "pyyaml");
  EXPECT_EQ(package_of("PIL.Image"), "pillow");
  EXPECT_EQ(package_of("bs4"), "beautifulsoup4");
  EXPECT_EQ(package_of("azure.identity.aio"), "azure-identity");
  EXPECT_EQ(package_of("Some_Thing.x"), "some-thing");
}

TEST(IsModuleOf, TakesAnyPackageThatHasTheModule) {
  EXPECT_TRUE(is_module_of({"mlflow-skinny"}, "mlflow.sklearn"));
  EXPECT_TRUE(is_module_of({"opencv-python"}, "cv2"));
  EXPECT_TRUE(is_module_of({"my-package"}, "my_package.x"));
  EXPECT_FALSE(is_module_of({"yaml"}, "toml"));
  EXPECT_FALSE(is_module_of({}, "pandas"));
}

TEST(IsModuleOf, KnowsWhatPackagesBring) {
  EXPECT_TRUE(is_module_of({"pandas"}, "numpy"));
  EXPECT_TRUE(is_module_of({"scikit-learn"}, "scipy.stats"));
  EXPECT_FALSE(is_module_of({"numpy"}, "pandas"));
}

TEST(RequirementName, IsTheNormalNameOfThePackage) {
  EXPECT_EQ(requirement_name("scikit_learn[alldeps]>=1.5; python_version > '3'"), "scikit-learn");
  EXPECT_EQ(requirement_name("  Polars == 1.9 # fast"), "polars");
  EXPECT_EQ(requirement_name("zope.interface"), "zope-interface");
  EXPECT_EQ(requirement_name("wine @ https://example.org/wine.zip"), "wine");
  EXPECT_EQ(requirement_name("../dist/coffee_orders-1.0-py3-none-any.whl"), "coffee-orders");
  EXPECT_EQ(requirement_name("https://example.org/wine-1.0-py3-none-any.whl"), "wine");
  for (const char* line : {"",
                           "# x",
                           "-r other.txt",
                           "--hash=sha256:0",
                           "https://example.org/x.zip",
                           "git+https://example.org/x",
                           "./local"}) {
    EXPECT_EQ(requirement_name(line), "") << line;
  }
}

using Names = std::vector<std::string>;

TEST(TablesOfSql, AreWhatStatementsReadAndWrite) {
  EXPECT_EQ(tables_of_sql("SELECT * FROM `a`.b.c c, d JOIN e.f USING (x)"),
            (Names{"a.b.c", "e.f"}));
  EXPECT_EQ(tables_of_sql("insert into a.b values (1); create table if not exists c.d (x int)"),
            (Names{"a.b", "c.d"}));
  EXPECT_EQ(tables_of_sql("update t set x = 1 -- from nothing"), (Names{"t"}));
  EXPECT_EQ(tables_of_sql("select * from (select * from x) from x"), (Names{"x"}));
}

TEST(TablesOfSql, AreNoneOfTheStatementsOwn) {
  EXPECT_EQ(tables_of_sql("with a as (select * from b.c) select * from a"), (Names{"b.c"}));
  EXPECT_EQ(tables_of_sql("select 1"), Names{});
  EXPECT_EQ(tables_of_sql(""), Names{});
  EXPECT_EQ(tables_of_sql("select x from"), Names{});
}

}  // namespace
}  // namespace sheaf::bundles
