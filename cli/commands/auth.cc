// `sheaf auth login URL`: enrols a scheduler. The only command that contacts a host which is not
// enrolled yet: the one that the person wrote on the command line, once, without a token.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/secret_input.h"
#include "common/os/file.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxTokenFileBytes = 64u << 10;

class AuthCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* auth = root.add_subcommand("auth", "Enrols schedulers");
    auth->require_subcommand(1);
    CLI::App* login = auth->add_subcommand(
        "login", "Enrols the scheduler at URL; its token is read from a file or from stdin");
    login->add_option("URL", url_, "http://host:port or https://host")->required();
    login->add_option("--token-file", token_file_, "File with the token; default: stdin")
        ->option_text("FILE");
    return auth;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    const auto address = parse_web_address(url_);
    if (!address) {
      return fail(address.error());
    }
    const auto folder = invocation.surroundings.configuration_folder();
    if (!folder) {
      return fail(folder.error());
    }
    http_client::HttpClient client;
    const auto hello = ask_hello(client, *address);
    if (!hello) {
      return fail(hello.error());
    }
    if (address->scheme == "http" && !address->is_loopback()) {
      say("Warning: " + address->url() +
          " is not encrypted: whoever is on the way can read the token");
    }
    auto token = read_token(invocation.surroundings);
    if (!token) {
      return fail(token.error());
    }
    const Endpoint endpoint{
        .address = *address, .token = std::move(*token), .scheduler_id = hello->scheduler_id};
    auto scheduler = Scheduler::after_hello(endpoint, std::move(client));
    if (auto checked = check_token(scheduler); !checked) {
      return fail(checked.error());
    }
    if (auto enrolled = enrol(*folder, endpoint); !enrolled) {
      return fail(enrolled.error());
    }
    report(invocation, endpoint);
    return ExitStatus::kSuccess;
  }

 private:
  Result<std::string> read_token(const Surroundings& surroundings) const {
    if (token_file_.empty()) {
      const auto text = read_secret_from_stdin("Token: ");
      return text ? parse_token(*text, "stdin") : Result<std::string>(fail(text.error()));
    }
    const auto text = os::read_file(surroundings.absolute(token_file_), kMaxTokenFileBytes);
    return text ? parse_token(*text, token_file_)
                : Result<std::string>(fail(text.error(), "--token-file"));
  }

  static Result<void> check_token(Scheduler& scheduler) {
    const auto me = scheduler.get("/api/2.0/preview/scim/v2/Me");
    if (!me && me.error().code == ErrorCode::kUnauthorized) {
      return fail(
          ErrorCode::kUnauthorized,
          scheduler.endpoint().address.url() + " does not know this token; nothing was enrolled");
    }
    return me ? Result<void>() : fail(me.error());
  }

  static void report(const Invocation& invocation, const Endpoint& endpoint) {
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"url", endpoint.address.url()},
                                     {"scheduler_id", endpoint.scheduler_id}});
    } else {
      print("Enrolled " + endpoint.address.url() + " (scheduler " + endpoint.scheduler_id + ")\n");
    }
  }

  std::string url_;
  std::string token_file_;
};

}  // namespace

std::unique_ptr<Command> make_auth_command() {
  return std::make_unique<AuthCommand>();
}

}  // namespace sheaf::cli
