#include "common/model/run_parameters.h"

#include <gtest/gtest.h>

namespace sheaf::model {
namespace {

std::string error_of(const LegacyParameters& parameters) {
  const Result<void> checked = check_legacy_parameters(parameters);
  return checked ? std::string() : checked.error().message;
}

using Texts = std::vector<std::string>;

TEST(LegacyParameters, HoldTheLimitsOfThePublicApi) {
  EXPECT_EQ(error_of({}), "");
  EXPECT_EQ(error_of({.jar_params = Texts{"é"},
                      .python_params = Texts{"a"},
                      .python_named_params = NamedStrings{{"k", "é"}},
                      .dbt_commands = Texts{"dbt run", "dbt"}}),
            "");
  // Two brackets and two quotes come with the text.
  EXPECT_EQ(error_of({.python_params = Texts{std::string(9'996, 'a')}}), "");
  EXPECT_EQ(error_of({.python_params = Texts{std::string(9'997, 'a')}}),
            "python_params: 10001 bytes as JSON are more than the 10000 allowed");
  EXPECT_EQ(error_of({.notebook_params = NamedStrings{{"a", std::string(9'992, 'a')}}}), "");
  EXPECT_EQ(error_of({.notebook_params = NamedStrings{{"a", std::string(9'993, 'a')}}}),
            "notebook_params: 10001 bytes as JSON are more than the 10000 allowed");
  EXPECT_EQ(error_of({.python_params = Texts{"é"}}),
            "python_params: \"é\" holds characters beyond ASCII");
  EXPECT_EQ(error_of({.spark_submit_params = Texts{"a", "ü"}}),
            "spark_submit_params: \"ü\" holds characters beyond ASCII");
  EXPECT_EQ(error_of({.notebook_params = NamedStrings{}, .jar_params = Texts{}}),
            "notebook_params: cannot be given together with jar_params");
  EXPECT_EQ(error_of({.dbt_commands = Texts(11, "dbt run")}),
            "dbt_commands: 11 commands are more than the 10 allowed");
  EXPECT_EQ(error_of({.dbt_commands = Texts{"rm -r x"}}),
            "dbt_commands: \"rm -r x\" does not begin with dbt");
}

}  // namespace
}  // namespace sheaf::model
