#include "common/model/references.h"

#include <gtest/gtest.h>

namespace sheaf::model {
namespace {

Reference only(std::string_view text) {
  const auto references = parse_references(text);
  EXPECT_TRUE(references.has_value()) << (references ? "" : references.error().message);
  if (!references || references->size() != 1) {
    ADD_FAILURE() << "expected one reference in " << text;
    return {};
  }
  return references->front();
}

TEST(References, KnowsTheSupportedOnes) {
  EXPECT_EQ(only("{{job.id}}").kind, Reference::Kind::kJobId);
  EXPECT_EQ(only("{{job.run_id}}").kind, Reference::Kind::kJobRunId);
  EXPECT_EQ(only("{{job.trigger.type}}").kind, Reference::Kind::kTriggerType);
  const Reference parameter = only("--reason={{ job.parameters.reason }}!");
  EXPECT_EQ(parameter.kind, Reference::Kind::kJobParameter);
  EXPECT_EQ(parameter.name, "reason");
  EXPECT_EQ(parameter.offset, 9u);
  EXPECT_EQ(parameter.length, 27u);
  const Reference value = only("{{tasks.compare.values.model_update}}");
  EXPECT_EQ(value.kind, Reference::Kind::kTaskValue);
  EXPECT_EQ(value.task_key, "compare");
  EXPECT_EQ(value.name, "model_update");
}

TEST(References, TakesQuotedAndBracketedNames) {
  EXPECT_EQ(only("{{job.parameters.`a.b }} c`}}").name, "a.b }} c");
  EXPECT_EQ(only("{{ job.parameters.[input] }}").name, "input");
}

TEST(References, FindsAllInOrder) {
  const auto references = parse_references("{{job.id}}-{{job.run_id}}");
  ASSERT_TRUE(references);
  ASSERT_EQ(references->size(), 2u);
  EXPECT_EQ((*references)[1].offset, 11u);
}

TEST(References, IgnoresSingleBraces) {
  const auto references = parse_references(R"({"a": {"b": 1}} ${var.x} {job.id})");
  ASSERT_TRUE(references);
  EXPECT_TRUE(references->empty());
}

TEST(References, RefusesWhatIsNotSupported) {
  for (const char* text : {"{{job.name}}",
                           "{{job.start_time.iso_date}}",
                           "{{input}}",
                           "{{secrets/a/b}}",
                           "{{tasks.a.result_state}}",
                           "{{}}",
                           "{{job..id}}",
                           "{{job.id extra}}",
                           "{{.Id}}"}) {
    const auto references = parse_references(text);
    ASSERT_FALSE(references) << text;
    EXPECT_EQ(references.error().code, ErrorCode::kUnsupported) << text;
  }
}

TEST(References, NamesTheNearestKnownOne) {
  const auto misspelt = parse_references("{{job.rum_id}}");
  ASSERT_FALSE(misspelt);
  EXPECT_NE(misspelt.error().message.find("did you mean {{job.run_id}}?"), std::string::npos);
  const auto singular = parse_references("{{task.compare.values.k}}");
  ASSERT_FALSE(singular);
  EXPECT_NE(singular.error().message.find("did you mean {{tasks.compare.values.k}}?"),
            std::string::npos);
}

TEST(References, AnOpenOneIsInvalid) {
  const auto references = parse_references("x {{job.id}");
  ASSERT_FALSE(references);
  EXPECT_EQ(references.error().code, ErrorCode::kInvalid);
}

TEST(ResolveReferences, ReplacesEachByItsValue) {
  const auto resolved =
      resolve_references("a {{job.id}} b {{job.parameters.p}}", [](const Reference& reference) {
        return Result<std::string>(
            reference.kind == Reference::Kind::kJobId ? "7" : "<" + reference.name + ">");
      });
  ASSERT_TRUE(resolved);
  EXPECT_EQ(*resolved, "a 7 b <p>");
}

TEST(ResolveReferences, DoesNotResolveWhatAValueHolds) {
  const auto resolved = resolve_references(
      "{{job.parameters.p}}", [](const Reference&) { return Result<std::string>("{{job.id}}"); });
  ASSERT_TRUE(resolved);
  EXPECT_EQ(*resolved, "{{job.id}}");
}

TEST(ResolveReferences, FailsWithTheFirstError) {
  const auto resolved = resolve_references(
      "{{job.id}}{{job.run_id}}", [](const Reference& reference) -> Result<std::string> {
        return fail(ErrorCode::kNotFound,
                    reference.kind == Reference::Kind::kJobId ? "first" : "second");
      });
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().message, "first");
}

TEST(RenderTaskValue, DropsOnlyTheQuotesOfStrings) {
  EXPECT_EQ(render_task_value(R"("a \"b\" \u00e9")"), "a \"b\" é");
  EXPECT_EQ(render_task_value("1"), "1");
  EXPECT_EQ(render_task_value(" 1.0 "), "1.0");
  EXPECT_EQ(render_task_value("true"), "true");
  EXPECT_EQ(render_task_value(R"(["a"])"), R"(["a"])");
  EXPECT_EQ(render_task_value(R"({"a":1})"), R"({"a":1})");
}

}  // namespace
}  // namespace sheaf::model
