#include "tests/support/builders.h"

namespace sheaf::tests {

TaskBuilder::TaskBuilder(std::string key) {
  task_.task_key = std::move(key);
  task_.action = model::CommandTask{.command = {"true"}};
}

TaskBuilder& TaskBuilder::after(std::string key) {
  task_.depends_on.push_back({.task_key = std::move(key)});
  return *this;
}

TaskBuilder& TaskBuilder::after(std::string key, bool outcome) {
  task_.depends_on.push_back({.task_key = std::move(key), .outcome = outcome});
  return *this;
}

TaskBuilder& TaskBuilder::retries(int count) {
  task_.max_retries = count;
  return *this;
}

TaskBuilder& TaskBuilder::retry_interval(Milliseconds interval) {
  task_.min_retry_interval = interval;
  return *this;
}

TaskBuilder& TaskBuilder::retry_on_timeout() {
  task_.retry_on_timeout = true;
  return *this;
}

TaskBuilder& TaskBuilder::timeout(std::chrono::seconds timeout) {
  task_.timeout = timeout;
  return *this;
}

TaskBuilder& TaskBuilder::run_if(model::RunIf run_if) {
  task_.run_if = run_if;
  return *this;
}

TaskBuilder& TaskBuilder::resources(model::ResourceRequest request) {
  task_.resources = std::move(request);
  return *this;
}

TaskBuilder& TaskBuilder::pool(std::string name) {
  task_.pool = std::move(name);
  return *this;
}

TaskBuilder& TaskBuilder::notebook(std::string path) {
  task_.action = model::NotebookTask{.notebook_path = std::move(path), .base_parameters = {}};
  return *this;
}

TaskBuilder& TaskBuilder::disabled() {
  task_.disabled = true;
  return *this;
}

TaskBuilder& TaskBuilder::argument(std::string argument) {
  std::get<model::CommandTask>(task_.action).command.push_back(std::move(argument));
  return *this;
}

TaskBuilder& TaskBuilder::for_each(std::string inputs, const TaskBuilder& task, int concurrency) {
  task_.action = model::ForEachTask{
      .inputs = std::move(inputs), .concurrency = concurrency, .task = {task.build()}};
  return *this;
}

TaskBuilder& TaskBuilder::for_each_line(std::string file,
                                        const TaskBuilder& task,
                                        int concurrency) {
  task_.action = model::ForEachTask{
      .inputs_file = std::move(file), .concurrency = concurrency, .task = {task.build()}};
  return *this;
}

TaskBuilder& TaskBuilder::stream(int chunk) {
  auto& loop = std::get<model::ForEachTask>(task_.action);
  loop.mode = model::ForEachMode::kStream;
  loop.chunk = chunk;
  return *this;
}

TaskBuilder& TaskBuilder::starts(JobId job) {
  task_.action = model::RunJobTask{.job = job};
  return *this;
}

TaskBuilder& TaskBuilder::starts(std::string resource_key, model::NamedStrings parameters) {
  task_.action = model::RunJobTask{.resource_key = std::move(resource_key),
                                   .job_parameters = std::move(parameters)};
  return *this;
}

TaskBuilder& TaskBuilder::backoff(Milliseconds first, Milliseconds longest) {
  task_.backoff = {.first = first, .longest = longest};
  return *this;
}

TaskBuilder& TaskBuilder::retry_only_on(model::RetryFilter filter) {
  task_.retry_only_on = std::move(filter);
  return *this;
}

TaskBuilder& TaskBuilder::max_lost(int count) {
  task_.max_lost = count;
  return *this;
}

TaskBuilder& TaskBuilder::condition(std::string left,
                                    model::ConditionOperator op,
                                    std::string right) {
  task_.action = model::ConditionTask{.op = op, .left = std::move(left), .right = std::move(right)};
  return *this;
}

JobBuilder::JobBuilder(std::string name) {
  job_.name = std::move(name);
}

JobBuilder& JobBuilder::task(const TaskBuilder& task) {
  job_.tasks.push_back(task.build());
  return *this;
}

JobBuilder& JobBuilder::parameter(std::string name, std::string default_value) {
  job_.parameters.push_back({.name = std::move(name), .default_value = std::move(default_value)});
  return *this;
}

JobBuilder& JobBuilder::concurrent(std::int64_t runs) {
  job_.max_concurrent_runs = runs;
  return *this;
}

JobBuilder& JobBuilder::priority(int priority) {
  job_.priority = priority;
  return *this;
}

JobBuilder& JobBuilder::without_queue() {
  job_.queue_enabled = false;
  return *this;
}

JobBuilder& JobBuilder::timeout(std::chrono::seconds timeout) {
  job_.timeout = timeout;
  return *this;
}

JobBuilder& JobBuilder::schedule(std::string expression) {
  job_.schedule = model::ScheduleSettings{.quartz_cron_expression = std::move(expression),
                                          .timezone_id = "UTC"};
  return *this;
}

JobBuilder& JobBuilder::paused() {
  job_.schedule->paused = true;
  return *this;
}

JobBuilder& JobBuilder::hook(std::string name) {
  job_.hooks.push_back({.name = std::move(name)});
  return *this;
}

JobBuilder& JobBuilder::alert_on_failure(std::string destination) {
  job_.alerts.on_failure.push_back({.destination = std::move(destination)});
  return *this;
}

JobBuilder& JobBuilder::alert_on_success(std::string destination) {
  job_.alerts.on_success.push_back({.destination = std::move(destination)});
  return *this;
}

TaskBuilder a_task(std::string key) {
  return TaskBuilder(std::move(key));
}

JobBuilder a_job(std::string name) {
  return JobBuilder(std::move(name));
}

}  // namespace sheaf::tests
