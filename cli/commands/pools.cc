// `sheaf pools`: limits on how many attempts run at once, over all jobs.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

constexpr const char* kPath = "/api/sheaf/v1/pools";

std::string limit_text(const boost::json::object& pool) {
  const auto* limit = pool.if_contains("limit");
  if (limit == nullptr || limit->is_null()) {
    return "none";
  }
  const std::int64_t number = number_at(pool, "limit");
  return number == 0 ? "0 (paused)" : std::to_string(number);
}

Result<ExitStatus> list_pools(const Invocation& invocation) {
  auto scheduler = connect(invocation);
  if (!scheduler) {
    return fail(scheduler.error());
  }
  const auto answer = scheduler->get(kPath);
  if (!answer) {
    return fail(answer.error());
  }
  if (invocation.wants_json()) {
    print_json(*answer);
    return ExitStatus::kSuccess;
  }
  Table table({"POOL", "LIMIT", "USED"});
  for (const auto& entry : array_at(*answer, "pools")) {
    if (entry.is_object()) {
      const auto& pool = entry.get_object();
      table.add({text_at(pool, "name"), limit_text(pool), std::to_string(number_at(pool, "used"))});
    }
  }
  print(table.is_empty() ? "No pools.\n" : table.text());
  return ExitStatus::kSuccess;
}

class PoolsCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* pools = root.add_subcommand(
        "pools", "Lists pools, which limit attempts over all jobs, or sets one");
    pools->require_subcommand(0, 1);
    pools->add_subcommand("list", "Lists pools");
    set_ = pools->add_subcommand("set", "Sets how many attempts may be in the pool at once");
    set_->add_option("NAME", name_, "Name of the pool, as tasks give it")->required();
    set_->add_option("LIMIT", limit_, "Attempts at once; 0 pauses the pool")
        ->required()
        ->check(CLI::Range(0, 1'000'000));
    remove_ = pools->add_subcommand("remove", "Takes a pool's limit away");
    remove_->add_option("NAME", name_, "Name of the pool")->required();
    return pools;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    if (set_->parsed()) {
      const std::string what =
          limit_ == 0 ? "is paused" : "is limited to " + std::to_string(limit_);
      return change(invocation,
                    "PUT",
                    boost::json::serialize(boost::json::object{{"limit", limit_}}),
                    "Pool " + name_ + " " + what + ".\n");
    }
    if (remove_->parsed()) {
      return change(invocation, "DELETE", "", "Pool " + name_ + " is not limited any more.\n");
    }
    return list_pools(invocation);
  }

 private:
  Result<ExitStatus> change(const Invocation& invocation,
                            std::string method,
                            std::string body,
                            const std::string& said) const {
    auto scheduler = connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto answer =
        scheduler->send({.method = std::move(method),
                         .path = std::string(kPath) + "/" + http_client::percent_encoded(name_),
                         .body = std::move(body)});
    if (!answer) {
      return fail(answer.error());
    }
    if (invocation.wants_json()) {
      print_json(*answer);
    } else {
      print(said);
    }
    return ExitStatus::kSuccess;
  }

  CLI::App* set_ = nullptr;
  CLI::App* remove_ = nullptr;
  std::string name_;
  int limit_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_pools_command() {
  return std::make_unique<PoolsCommand>();
}

}  // namespace sheaf::cli
