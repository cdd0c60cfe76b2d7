#include "cli/secret_input.h"

#include <cerrno>
#include <cstdio>

#include <termios.h>
#include <unistd.h>

#include "common/os/file.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxSecretBytes = 64u << 10;

/// Turns the terminal's echo off for its own lifetime.
class SilentTerminal {
 public:
  SilentTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) == 0) {
      is_changed_ = true;
      termios silent = before_;
      silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
  }
  ~SilentTerminal() {
    if (is_changed_) {
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  termios before_{};
  bool is_changed_ = false;
};

enum class Until { kEndOfFile, kNewline };

Result<std::string> read_stdin(Until until) {
  std::string text;
  char buffer[4096];
  while (text.size() <= kMaxSecretBytes) {
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail(os::error_of_errno(errno, "stdin"));
    }
    text.append(buffer, static_cast<std::size_t>(count));
    if (count == 0 || (until == Until::kNewline && text.ends_with('\n'))) {
      return text;
    }
  }
  return fail(ErrorCode::kExhausted, "stdin holds more than 64 KiB");
}

}  // namespace

Result<std::string> read_secret_from_stdin(std::string_view prompt) {
  Result<std::string> text;
  if (::isatty(STDIN_FILENO) == 1) {
    std::fprintf(stderr, "%.*s", static_cast<int>(prompt.size()), prompt.data());
    const SilentTerminal silent;
    text = read_stdin(Until::kNewline);
    std::fputs("\n", stderr);
  } else {
    text = read_stdin(Until::kEndOfFile);
  }
  if (!text) {
    return text;
  }
  while (text->ends_with('\n') || text->ends_with('\r')) {
    text->pop_back();
  }
  if (text->empty()) {
    return fail(ErrorCode::kInvalid, "stdin is empty: pipe the secret in");
  }
  return text;
}

}  // namespace sheaf::cli
