// `sheaf graph JOB`: the task graph of a job of the bundle here, as a tree or as Mermaid; speaks to
// nobody.
#include <algorithm>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/job_graph.h"

namespace sheaf::cli {
namespace {

std::string keys_of(const bundles::LoadedBundle& bundle) {
  std::string keys;
  for (const bundles::JobResource& job : bundle.jobs) {
    keys += (keys.empty() ? "" : ", ") + job.key;
  }
  return keys;
}

class GraphCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("graph", "Draws the task graph of a job of the bundle");
    app->add_option("JOB", job_, "Key of the job; all jobs where absent");
    app->add_flag("--mermaid", is_mermaid_, "As a Mermaid flowchart, for documents");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    const auto bundle = load_bundle(invocation);
    if (!bundle) {
      return fail(bundle.error());
    }
    say_findings(invocation, *bundle);
    boost::json::object graphs;
    std::string text;
    for (const bundles::JobResource& job : bundle->jobs) {
      if (!job_.empty() && job.key != job_) {
        continue;
      }
      const JobGraph graph = read_job_graph(job.key, job.settings_json);
      text += (text.empty() ? "" : "\n") + (is_mermaid_ ? to_mermaid(graph) : to_tree(graph));
      graphs[job.key] = to_json(graph);
    }
    if (graphs.empty() && !job_.empty()) {
      return fail(ErrorCode::kNotFound,
                  "the bundle has no job `" + job_ + "`; it has: " + keys_of(*bundle));
    }
    if (invocation.wants_json()) {
      print_json(graphs);
    } else {
      print(text);
    }
    return bundle->has_errors() ? ExitStatus::kRefused : ExitStatus::kSuccess;
  }

 private:
  std::string job_;
  bool is_mermaid_ = false;
};

}  // namespace

std::unique_ptr<Command> make_graph_command() {
  return std::make_unique<GraphCommand>();
}

}  // namespace sheaf::cli
