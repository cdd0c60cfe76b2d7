// `sheaf cron EXPR`: when an expression fires. Needs no scheduler.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/console.h"
#include "common/calendar/next_fire.h"
#include "common/calendar/rfc3339.h"
#include "common/os/clocks.h"
#include "common/os/zones.h"

namespace sheaf::cli {
namespace {

constexpr int kMaxCount = 10'000;

using Seconds = std::chrono::sys_seconds;

class CronCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("cron", "Shows when a Quartz expression fires next");
    app->add_option("EXPR", expression_, "Quartz expression in quotes: '0 30 2 * * ?'")->required();
    app->add_option("--zone", zone_, "IANA time zone")->capture_default_str()->option_text("ZONE");
    app->add_option("--from", from_, "Fires after this RFC 3339 instant; default: now")
        ->option_text("TIME");
    app->add_option("--count", count_, "How many")
        ->capture_default_str()
        ->option_text("N")
        ->check(CLI::Range(1, kMaxCount));
    app->add_option("--dst", rule_, "Rule for clock changes: wall_clock or quartz")
        ->capture_default_str()
        ->option_text("RULE");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    const auto fires = next_fires();
    if (!fires) {
      return fail(fires.error());
    }
    boost::json::array texts;
    for (const Seconds fire : *fires) {
      texts.emplace_back(calendar::format_rfc3339(fire));
    }
    if (invocation.wants_json()) {
      print_json(texts);
      return ExitStatus::kSuccess;
    }
    for (const auto& text : texts) {
      print(std::string(text.get_string()) + "\n");
    }
    if (texts.size() < static_cast<std::size_t>(count_)) {
      say("It never fires after that.");
    }
    return ExitStatus::kSuccess;
  }

 private:
  Result<Seconds> start() const {
    if (from_.empty()) {
      return std::chrono::floor<std::chrono::seconds>(os::wall_time());
    }
    const auto instant = calendar::parse_rfc3339(from_);
    if (!instant) {
      return fail(instant.error(), "--from");
    }
    return std::chrono::floor<std::chrono::seconds>(*instant);
  }

  Result<std::vector<Seconds>> next_fires() const {
    const auto expression = calendar::CronExpression::parse(expression_);
    if (!expression) {
      return fail(expression.error(), "EXPR");
    }
    const auto zone = os::load_zone(zone_);
    if (!zone) {
      return fail(zone.error(), "--zone");
    }
    const auto rule = calendar::parse_daylight_saving(rule_);
    if (!rule) {
      return fail(rule.error(), "--dst");
    }
    auto after = start();
    if (!after) {
      return fail(after.error());
    }
    std::vector<Seconds> fires;
    while (fires.size() < static_cast<std::size_t>(count_)) {
      const auto fire = calendar::next_fire(*expression, *zone, *rule, *after);
      if (!fire) {
        break;
      }
      fires.push_back(*fire);
      after = *fire;
    }
    return fires;
  }

  std::string expression_;
  std::string zone_ = "UTC";
  std::string from_;
  int count_ = 10;
  std::string rule_ = "wall_clock";
};

}  // namespace

std::unique_ptr<Command> make_cron_command() {
  return std::make_unique<CronCommand>();
}

}  // namespace sheaf::cli
