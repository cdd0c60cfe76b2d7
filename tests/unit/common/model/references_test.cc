#include "common/model/references.h"

#include <fstream>
#include <sstream>

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

struct Known {
  const char* text;
  Reference::Kind kind;
  const char* name = "";
  const char* task_key = "";
  TimePart part = TimePart::kIsoDate;
};

class KnownReferences : public testing::TestWithParam<Known> {};

TEST_P(KnownReferences, AreRecognised) {
  const Reference found = only(GetParam().text);
  EXPECT_EQ(found.kind, GetParam().kind);
  EXPECT_EQ(found.name, GetParam().name);
  EXPECT_EQ(found.task_key, GetParam().task_key);
  EXPECT_EQ(found.part, GetParam().part);
}

using enum Reference::Kind;

INSTANTIATE_TEST_SUITE_P(
    Table,
    KnownReferences,
    testing::Values(
        Known{"{{job.id}}", kJobId},
        Known{"{{job.name}}", kJobName},
        Known{"{{job.run_id}}", kJobRunId},
        Known{"{{job.repair_count}}", kJobRepairCount},
        Known{"{{job.start_time.iso_weekday}}", kJobStartTime, "", "", TimePart::kIsoWeekday},
        Known{"{{job.start_time.is_weekday}}", kJobStartTime, "", "", TimePart::kIsWeekday},
        Known{"{{job.start_time.iso_date}}", kJobStartTime},
        Known{"{{job.start_time.iso_datetime}}", kJobStartTime, "", "", TimePart::kIsoDatetime},
        Known{"{{job.start_time.year}}", kJobStartTime, "", "", TimePart::kYear},
        Known{"{{job.trigger.time.month}}", kTriggerTime, "", "", TimePart::kMonth},
        Known{"{{job.trigger.time.day}}", kTriggerTime, "", "", TimePart::kDay},
        Known{"{{job.trigger.time.hour}}", kTriggerTime, "", "", TimePart::kHour},
        Known{"{{job.trigger.time.minute}}", kTriggerTime, "", "", TimePart::kMinute},
        Known{"{{job.trigger.time.second}}", kTriggerTime, "", "", TimePart::kSecond},
        Known{"{{job.trigger.time.timestamp_ms}}", kTriggerTime, "", "", TimePart::kTimestampMs},
        Known{"{{job.trigger.type}}", kTriggerType},
        Known{"{{job.parameters.reason}}", kJobParameter, "reason"},
        Known{"{{task.name}}", kTaskName},
        Known{"{{task.run_id}}", kTaskRunId},
        Known{"{{task.execution_count}}", kTaskExecutionCount},
        Known{"{{task.notebook_path}}", kTaskNotebookPath},
        Known{"{{tasks.a.notebook_path}}", kUpstreamNotebookPath, "", "a"},
        Known{"{{tasks.a-1.run_id}}", kUpstreamRunId, "", "a-1"},
        Known{"{{tasks.a.result_state}}", kUpstreamResultState, "", "a"},
        Known{"{{tasks.a.error_code}}", kUpstreamErrorCode, "", "a"},
        Known{"{{tasks.a.execution_count}}", kUpstreamExecutionCount, "", "a"},
        Known{"{{tasks.compare.values.model_update}}", kTaskValue, "model_update", "compare"},
        Known{"{{input}}", kInput},
        Known{"{{input.colour}}", kInput, "colour"},
        // Old names.
        Known{"{{job_id}}", kJobId},
        Known{"{{run_id}}", kTaskRunId},
        Known{"{{parent_run_id}}", kJobRunId},
        Known{"{{start_date}}", kJobStartTime},
        Known{"{{start_time}}", kJobStartTime, "", "", TimePart::kTimestampMs},
        Known{"{{task_key}}", kTaskName},
        Known{"{{task_retry_count}}", kTaskRetryCount},
        // Ways to write a name.
        Known{"{{  job.id\t}}", kJobId},
        Known{"{{job.parameters.`a.b }} c`}}", kJobParameter, "a.b }} c"},
        Known{"{{ job.parameters.[input] }}", kJobParameter, "input"},
        Known{"{{tasks.`a`.values.[param$@]}}", kTaskValue, "param$@", "a"},
        Known{"{{{job.id}}}", kJobId},
        Known{"{{ {{job.id}}", kJobId}));

TEST(References, KnowTheirPlace) {
  const Reference parameter = only("--reason={{ job.parameters.reason }}!");
  EXPECT_EQ(parameter.offset, 9u);
  EXPECT_EQ(parameter.length, 27u);
}

TEST(References, FindsAllInOrder) {
  const auto references = parse_references("{{job.id}}-{{foo.bar}}-{{job.run_id}}");
  ASSERT_TRUE(references);
  ASSERT_EQ(references->size(), 2u);
  EXPECT_EQ((*references)[1].offset, 23u);
}

class LiteralTexts : public testing::TestWithParam<const char*> {};

TEST_P(LiteralTexts, StayAsTheyAre) {
  const auto references = parse_references(GetParam());
  ASSERT_TRUE(references) << references.error().message;
  EXPECT_TRUE(references->empty());
}

INSTANTIATE_TEST_SUITE_P(Table,
                         LiteralTexts,
                         testing::Values(R"({"a": {"b": 1}} ${var.x} {job.id})",
                                         "{{foo.bar}}",
                                         "{{my.value}",
                                         "{{job.id}",
                                         "{{job.id",
                                         "{{",
                                         "{{}}",
                                         "{{ }}",
                                         "{{name}}",
                                         "{{job}}",
                                         "{{job..id}}",
                                         "{{job.id extra}}",
                                         "{{job.parameters.a$b}}",
                                         "{{job.parameters.``}}",
                                         "{{.Id}}",
                                         "{{jobs.id}}",
                                         "{% if job.id %}"));

struct Refused {
  const char* text;
  ErrorCode code;
  const char* message;
};

class RefusedReferences : public testing::TestWithParam<Refused> {};

TEST_P(RefusedReferences, SayWhy) {
  const auto references = parse_references(GetParam().text);
  ASSERT_FALSE(references);
  EXPECT_EQ(references.error().code, GetParam().code);
  EXPECT_EQ(references.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    RefusedReferences,
    testing::Values(
        Refused{"{{job.naem}}",
                ErrorCode::kInvalid,
                "there is no reference {{job.naem}}; did you mean {{job.name}}?"},
        Refused{"{{job.rum_id}}",
                ErrorCode::kInvalid,
                "there is no reference {{job.rum_id}}; did you mean {{job.run_id}}?"},
        Refused{"{{job.notebook_url}}",
                ErrorCode::kInvalid,
                "there is no reference {{job.notebook_url}}"},
        Refused{
            "{{job.start_time}}", ErrorCode::kInvalid, "there is no reference {{job.start_time}}"},
        Refused{"{{job.start_time.iso_dat}}",
                ErrorCode::kInvalid,
                "there is no reference {{job.start_time.iso_dat}}; did you mean "
                "{{job.start_time.iso_date}}?"},
        Refused{"{{job.paramters.reason}}",
                ErrorCode::kInvalid,
                "there is no reference {{job.paramters.reason}}; did you mean "
                "{{job.parameters.reason}}?"},
        Refused{"{{task.compare.values.k}}",
                ErrorCode::kInvalid,
                "there is no reference {{task.compare.values.k}}; did you mean "
                "{{tasks.compare.values.k}}?"},
        Refused{"{{tasks.a.value.k}}",
                ErrorCode::kInvalid,
                "there is no reference {{tasks.a.value.k}}; did you mean {{tasks.a.values.k}}?"},
        Refused{"{{input.a.b}}", ErrorCode::kInvalid, "there is no reference {{input.a.b}}"},
        Refused{"{{tasks.q.output.first_row.n}}",
                ErrorCode::kUnsupported,
                "the reference {{tasks.q.output.first_row.n}} has no value here: Sheaf runs no SQL "
                "tasks"},
        Refused{"{{job.trigger.file_arrival.location}}",
                ErrorCode::kUnsupported,
                "the reference {{job.trigger.file_arrival.location}} has no value here: no run is "
                "started by files that arrive"},
        Refused{"{{job.trigger.table_update.updated_tables}}",
                ErrorCode::kUnsupported,
                "the reference {{job.trigger.table_update.updated_tables}} has no value here: no "
                "run is started by updated tables"},
        Refused{"{{backfill.iso_date}}",
                ErrorCode::kUnsupported,
                "the reference {{backfill.iso_date}} has no value here: there are no backfills"},
        Refused{"{{workspace.url}}",
                ErrorCode::kUnsupported,
                "the reference {{workspace.url}} has no value here: there is no workspace"},
        Refused{"{{secrets/scope/key}}",
                ErrorCode::kUnsupported,
                "the reference {{secrets/scope/key}} has no value here: Sheaf keeps no secrets for "
                "tasks"}));

TEST(References, AreFoundInAMillionOpenBraces) {
  const auto references = parse_references(std::string(1'000'000, '{'));
  ASSERT_TRUE(references);
  EXPECT_TRUE(references->empty());
}

TEST(References, StandInTheDocumentation) {
  std::stringstream page;
  page << std::ifstream("docs/bundles.md").rdbuf();
  for (const std::string_view pattern : known_references()) {
    EXPECT_NE(page.str().find("`" + std::string(pattern) + "`"), std::string::npos) << pattern;
  }
}

struct RenderedTime {
  TimePart part;
  const char* text;
};

TEST(RenderTime, IsInUtc) {
  // A Sunday.
  const Timestamp instant = from_epoch_ms(1'772'341'629'123);
  for (const auto& [part, text] :
       std::initializer_list<RenderedTime>{{TimePart::kIsoWeekday, "7"},
                                           {TimePart::kIsWeekday, "false"},
                                           {TimePart::kIsoDate, "2026-03-01"},
                                           {TimePart::kIsoDatetime, "2026-03-01T05:07:09Z"},
                                           {TimePart::kYear, "2026"},
                                           {TimePart::kMonth, "3"},
                                           {TimePart::kDay, "1"},
                                           {TimePart::kHour, "5"},
                                           {TimePart::kMinute, "7"},
                                           {TimePart::kSecond, "9"},
                                           {TimePart::kTimestampMs, "1772341629123"}}) {
    EXPECT_EQ(render_time(instant, part), text);
  }
  const Timestamp monday = instant + std::chrono::hours(24);
  EXPECT_EQ(render_time(monday, TimePart::kIsoWeekday), "1");
  EXPECT_EQ(render_time(monday, TimePart::kIsWeekday), "true");
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
