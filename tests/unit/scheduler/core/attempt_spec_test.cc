// What a worker is told of an attempt, and how tasks with one Python environment find each other.
#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "common/model/environment_fingerprint.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

/// Submits these settings once, with what replaces its Python parameters.
RunId submit(CoreWorld& world, const model::JobSettings& settings) {
  const auto reply =
      world.turn(SubmitOnce{.settings_digest = "d",
                            .settings_json = "{}",
                            .settings = std::make_shared<const model::JobSettings>(settings)});
  return std::get<SubmitReply>(reply.value()).run;
}

model::JobSettings with_action(const model::TaskAction& action) {
  model::JobSettings settings = a_job("j").task(a_task("t")).build();
  settings.tasks[0].action = action;
  return settings;
}

model::EnvironmentSettings an_environment(std::string key) {
  return {.environment_key = key, .environment_version = "2", .dependencies = {key + "==1.0"}};
}

TEST(AttemptSpec, OfACommandHasItsArgumentsAndVariablesFilledIn) {
  CoreWorld world;
  world.register_worker("w", 1);
  auto settings = with_action(model::CommandTask{
      .command = {"run", "{{job.name}}"}, .env = {{"JOB", "{{job.name}}"}, {"PLAIN", "{x}"}}});
  settings.tasks[0].timeout = std::chrono::seconds(7);
  const RunId run = submit(world, settings);
  const model::AttemptSpec spec = world.take_starts().at(0).spec;
  EXPECT_EQ(spec.arguments, (std::vector<std::string>{"run", "j"}));
  EXPECT_EQ(spec.env, (model::NamedStrings{{"JOB", "j"}, {"PLAIN", "{x}"}}));
  EXPECT_FALSE(spec.is_python);
  EXPECT_EQ(spec.run, run);
  EXPECT_EQ(spec.attempt, world.row_of(run, "t").attempt);
  EXPECT_EQ(spec.attempt_number, 0);
  EXPECT_EQ(spec.fence, world.batch);
  EXPECT_EQ(spec.timeout, std::chrono::seconds(7));
  EXPECT_EQ(spec.environment, model::EnvironmentSettings{});
}

TEST(AttemptSpec, OfAScriptBeginsWithItsFile) {
  CoreWorld world;
  world.register_worker("w", 1);
  submit(world,
         with_action(model::SparkPythonTask{.python_file = "/f/train.py",
                                            .parameters = {"--run", "{{job.name}}"}}));
  const model::AttemptSpec spec = world.take_starts().at(0).spec;
  EXPECT_TRUE(spec.is_python);
  EXPECT_EQ(spec.arguments, (std::vector<std::string>{"/f/train.py", "--run", "j"}));
}

TEST(AttemptSpec, OfAScriptTakesTheParametersOfTheRunBeforeItsOwn) {
  CoreWorld world;
  world.register_worker("w", 1);
  const auto settings = std::make_shared<const model::JobSettings>(
      with_action(model::SparkPythonTask{.python_file = "/f/train.py", .parameters = {"--own"}}));
  const auto deployed = world.turn(Deploy{.bundle = "b",
                                          .target = "dev",
                                          .expected_version = std::nullopt,
                                          .jobs = {{.resource_key = "j",
                                                    .settings_digest = "digest-0",
                                                    .settings_json = "{}",
                                                    .settings = settings}}});
  Facts facts;
  facts.job = JobRecord{.id = std::get<DeployReply>(*deployed).jobs.at(0).id};
  facts.job_settings = settings;
  const SubmitRun command{.job = facts.job->id, .python_parameters = {"--given", "{{job.run_id}}"}};
  const auto step = decide(world.state, facts, command, world.now, world.batch);
  const RunRecord& run = *std::get<RunSubmitted>(step->events.at(0)).run;
  apply(world.state, step->events.at(0));
  const auto spec = make_attempt_spec(*world.state.find_run(run.id), 0);
  EXPECT_EQ(spec->arguments,
            (std::vector<std::string>{"/f/train.py", "--given", to_string(run.id)}));
}

/// The attempt of a job's only task, run with these overrides and Python parameters.
model::AttemptSpec spec_of(const model::TaskAction& action,
                           NamedStrings overrides,
                           std::vector<std::string> python_parameters = {}) {
  CoreWorld world;
  model::JobSettings settings = with_action(action);
  settings.parameters = {{.name = "day", .default_value = "{{job.name}}"}};
  const auto shared = std::make_shared<const model::JobSettings>(std::move(settings));
  const auto deployed = world.turn(Deploy{.bundle = "b",
                                          .target = "dev",
                                          .expected_version = std::nullopt,
                                          .jobs = {{.resource_key = "j",
                                                    .settings_digest = "digest-0",
                                                    .settings_json = "{}",
                                                    .settings = shared}}});
  Facts facts;
  facts.job = JobRecord{.id = std::get<DeployReply>(*deployed).jobs.at(0).id, .name = "j"};
  facts.job_settings = shared;
  const SubmitRun command{.job = facts.job->id,
                          .overrides = std::move(overrides),
                          .python_parameters = std::move(python_parameters)};
  const auto step = decide(world.state, facts, command, world.now, world.batch);
  const RunRecord& run = *std::get<RunSubmitted>(step->events.at(0)).run;
  apply(world.state, step->events.at(0));
  return *make_attempt_spec(*world.state.find_run(run.id), 0);
}

std::vector<std::string> arguments_of(const model::TaskAction& action, NamedStrings overrides) {
  return spec_of(action, std::move(overrides)).arguments;
}

TEST(AttemptSpec, OfAWheelTaskNamesItsFunctionAndPushesJobParametersDown) {
  using Texts = std::vector<std::string>;
  const Texts head{"-m", "sheaf_runtime.wheel_task", "pack", "main"};
  const auto with = [&head](const Texts& more) {
    Texts all = head;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  model::PythonWheelTask action{
      .package_name = "pack", .entry_point = "main", .parameters = {"{{job.name}}"}};
  EXPECT_EQ(arguments_of(action, {}), with({"j"}));
  EXPECT_TRUE(spec_of(action, {}).is_python);
  EXPECT_EQ(spec_of(action, {{"python_named_params/k", "v"}}, {"given", "{{job.name}}"}).arguments,
            with({"given", "j"}))
      << "a list wins";
  EXPECT_EQ(arguments_of(action, {{"python_named_params/k", "v"}}), with({"--day=j", "--k=v"}))
      << "names of the run before a list of the task";
  action.parameters.clear();
  EXPECT_EQ(arguments_of(action, {}), head);
  action.named_parameters = NamedStrings{{"size", "{{task.name}}"}, {"day", "own"}};
  EXPECT_EQ(arguments_of(action, {}), with({"--day=j", "--size=t"}));
  EXPECT_EQ(arguments_of(action, {{"python_named_params/k", "v"}, {"notebook_params/n", "w"}}),
            with({"--day=j", "--k=v"}));
}

TEST(AttemptSpec, OfANotebookHasTheRunsParametersOverItsOwnAndJobParametersOverBoth) {
  using Texts = std::vector<std::string>;
  const model::NotebookTask action{.notebook_path = "/f/n",
                                   .base_parameters = {{"a", "{{job.name}}"}, {"b", "own"}}};
  EXPECT_EQ(
      arguments_of(action, {{"notebook_params/b", "given"}, {"day", "friday"}}),
      (Texts{
          "-m", "sheaf_runtime.notebook_task", "/f/n", "a", "j", "b", "given", "day", "friday"}));
}

TEST(AttemptSpec, AReferenceThatCannotBeFilledInFailsTheTaskWhereverItStands) {
  for (const model::TaskAction& action :
       {model::TaskAction(model::CommandTask{.command = {"{{tasks.gone.values.k}}"}}),
        model::TaskAction(
            model::CommandTask{.command = {"run"}, .env = {{"K", "{{tasks.gone.values.k}}"}}}),
        model::TaskAction(
            model::SparkPythonTask{.python_file = "/f", .parameters = {"{{tasks.gone.values.k}}"}}),
        model::TaskAction(model::PythonWheelTask{
            .package_name = "p",
            .entry_point = "e",
            .named_parameters = NamedStrings{{"n", "{{tasks.gone.values.k}}"}}}),
        model::TaskAction(model::NotebookTask{
            .notebook_path = "/n", .base_parameters = {{"n", "{{tasks.gone.values.k}}"}}})}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run = submit(world, with_action(action));
    EXPECT_EQ(world.state_of(run, "t"), TaskState::kFailed);
    EXPECT_EQ(world.details_of(run, "t").message, "there is no task \"gone\"");
  }
}

TEST(AttemptSpec, AJobParametersDefaultThatCannotBeFilledInFailsTheTaskItIsHandedTo) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").parameter("p", "{{task.name}}").task(a_task("t").notebook("/n"))));
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kFailed);
  EXPECT_EQ(world.details_of(run, "t").message, "a default may hold references to the run only");
}

TEST(AttemptSpec, ATaskThatIsNotOverHasNoResultState) {
  CoreWorld world;
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t")).task(a_task("other").after("t"))));
  const LiveRun& live = *world.state.find_run(run);
  EXPECT_EQ(resolve_text(live, 1, "{{tasks.t.result_state}}").error().message,
            "task \"t\" is not over");
  EXPECT_EQ(resolve_text(live, 1, "{{job.parameters.p}}").error().message,
            "the run has no job parameter \"p\"");
}

TEST(AttemptSpec, ConditionsForEachAndRunJobTasksHaveNone) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("first"))
          .task(a_task("c").after("first").condition("1", model::ConditionOperator::kEqualTo, "1"))
          .task(a_task("each").after("first").for_each("[1]", a_task("one")))
          .task(a_task("call").after("first").starts("j"))));
  const LiveRun& live = *world.state.find_run(run);
  for (const TaskIndex task : {1U, 2U, 3U}) {
    EXPECT_EQ(make_attempt_spec(live, task).error().code, ErrorCode::kInternal);
  }
}

/// A job of independent tasks, each with an environment of its own name.
model::JobSettings with_environments(const std::vector<std::string>& keys) {
  model::JobSettings settings = a_job("j").build();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    model::TaskSettings task = a_task("t" + std::to_string(i)).build();
    task.environment_key = keys[i];
    settings.tasks.push_back(task);
    settings.environments.push_back(an_environment(keys[i]));
  }
  return settings;
}

TEST(Environments, GoWithTheAttempt) {
  CoreWorld world;
  world.register_worker("w", 2);
  submit(world, with_environments({"a", "b"}));
  const auto starts = world.take_starts();
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].spec.environment, an_environment("a"));
  EXPECT_EQ(starts[1].spec.environment, an_environment("b"));
}

TEST(Environments, AWorkerThatStartedATaskHasItsEnvironmentFromThenOn) {
  CoreWorld world;
  world.register_worker("w", 1);
  const auto& known = world.state.workers.begin()->second.environments;
  const std::uint64_t a = model::environment_fingerprint(an_environment("a"));
  const std::uint64_t b = model::environment_fingerprint(an_environment("b"));
  const RunId run = submit(world, with_environments({"a", "b", "a"}));
  EXPECT_EQ(known, std::vector{a});
  for (const char* task : {"t0", "t1", "t2"}) {
    world.finish(run, task);
  }
  EXPECT_EQ(known.size(), 2U) << "each once";
  EXPECT_EQ(std::set(known.begin(), known.end()), (std::set{a, b}));
}

TEST(Environments, TheOldestIsForgottenForANewOne) {
  CoreWorld world;
  RegisterWorker command{.name = "w", .slots = 1};
  for (std::uint64_t i = 1; i <= limits::kMaxCachedEnvironments; ++i) {
    command.cached_environments.push_back(i);
  }
  world.register_worker(command);
  const auto& known = world.state.workers.begin()->second.environments;
  ASSERT_EQ(known.front(), limits::kMaxCachedEnvironments);
  submit(world, with_environments({"a"}));
  EXPECT_EQ(known.size(), limits::kMaxCachedEnvironments);
  EXPECT_EQ(known.back(), model::environment_fingerprint(an_environment("a")));
  EXPECT_EQ(known.front(), limits::kMaxCachedEnvironments - 1);
}

TEST(Environments, AKeyThatTheJobDoesNotDeclareIsNone) {
  CoreWorld world;
  world.register_worker("w", 1);
  model::JobSettings settings = with_environments({"a"});
  settings.environments.clear();
  submit(world, settings);
  EXPECT_EQ(world.take_starts().at(0).spec.environment, model::EnvironmentSettings{});
  EXPECT_TRUE(world.state.workers.begin()->second.environments.empty());
}

TEST(Environments, TasksGoWhereTheirsIsAlready) {
  CoreWorld world;
  world.register_worker(RegisterWorker{.name = "a", .slots = 2});
  world.register_worker(
      RegisterWorker{.name = "b",
                     .slots = 2,
                     .cached_environments = {model::environment_fingerprint(an_environment("x"))}});
  submit(world, with_environments({"x"}));
  EXPECT_EQ(world.take_starts().at(0).worker, world.state.workers_by_name.at("b"));
}

}  // namespace
}  // namespace sheaf::core
