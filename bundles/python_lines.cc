#include "bundles/python_lines.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace sheaf::bundles {

namespace {

bool begins_name(char letter) {
  return std::isalpha(static_cast<unsigned char>(letter)) != 0 || letter == '_' ||
         static_cast<unsigned char>(letter) >= 0x80;
}

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

bool is_quote(char letter) {
  return letter == '"' || letter == '\'';
}

// r, b, f, u, rb, …
bool is_string_prefix(std::string_view name) {
  return name.size() <= 2 && std::ranges::all_of(name, [](char letter) {
           return std::string_view("rRbBfFuU").find(letter) != std::string_view::npos;
         });
}

class PythonLexer {
 public:
  explicit PythonLexer(std::string_view text) : text_(text) {}

  std::vector<PythonLine> run() {
    while (at_ < text_.size()) {
      step();
    }
    end_line();
    return std::move(lines_);
  }

 private:
  void step() {
    const char letter = text_[at_];
    if (letter == '\n') {
      meet_line_end();
    } else if (letter == '\\' && (peek(1) == '\n' || peek(1) == '\r')) {
      at_ += peek(1) == '\r' && peek(2) == '\n' ? 3 : 2;
      ++line_;
    } else if (letter == ' ' || letter == '\t' || letter == '\r' || letter == '\f') {
      indent_ += is_at_start_ ? 1 : 0;
      ++at_;
    } else if (letter == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      is_at_start_ = false;
      read_token(letter);
    }
  }

  [[nodiscard]] char peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void meet_line_end() {
    ++at_;
    ++line_;
    if (depth_ == 0) {
      end_line();
    }
  }

  void end_line() {
    const bool is_only_strings = std::ranges::all_of(
        current_.tokens, [](const PythonToken& token) { return token.kind == TokenKind::kString; });
    if (!is_only_strings) {
      lines_.push_back(std::move(current_));
    }
    current_ = {};
    is_at_start_ = true;
    indent_ = 0;
  }

  void read_token(char letter) {
    if (begins_name(letter)) {
      read_name();
    } else if (is_digit(letter)) {
      read_while(TokenKind::kNumber,
                 [](char c) { return begins_name(c) || is_digit(c) || c == '.'; });
    } else if (is_quote(letter)) {
      read_string();
    } else {
      read_operator(letter);
    }
  }

  template <typename Belongs>
  void read_while(TokenKind kind, Belongs belongs) {
    std::size_t end = at_;
    while (end < text_.size() && belongs(text_[end])) {
      ++end;
    }
    add(kind, std::string(text_.substr(at_, end - at_)), line_);
    at_ = end;
  }

  void read_name() {
    read_while(TokenKind::kName, [](char c) { return begins_name(c) || is_digit(c); });
    if (at_ < text_.size() && is_quote(text_[at_]) &&
        is_string_prefix(current_.tokens.back().text)) {
      current_.tokens.pop_back();
      read_string();
    }
  }

  // A quote that is never closed ends with its line, or with the text where it is a triple one.
  void read_string() {
    const char quote = text_[at_];
    const bool is_triple = peek(1) == quote && peek(2) == quote;
    at_ += is_triple ? 3 : 1;
    const int first_line = line_;
    const std::size_t start = at_;
    while (at_ < text_.size() && !ends_string(quote, is_triple) &&
           (is_triple || text_[at_] != '\n')) {
      take_character();
    }
    add(TokenKind::kString, std::string(text_.substr(start, at_ - start)), first_line);
    if (at_ < text_.size() && text_[at_] == quote) {
      at_ += is_triple ? 3 : 1;
    }
  }

  // With what a backslash takes along.
  void take_character() {
    const std::size_t count = text_[at_] == '\\' && at_ + 1 < text_.size() ? 2 : 1;
    for (std::size_t i = 0; i < count; ++i) {
      line_ += text_[at_++] == '\n' ? 1 : 0;
    }
  }

  [[nodiscard]] bool ends_string(char quote, bool is_triple) const {
    return text_[at_] == quote && (!is_triple || (peek(1) == quote && peek(2) == quote));
  }

  void read_operator(char letter) {
    if (std::string_view("([{").find(letter) != std::string_view::npos) {
      ++depth_;
    } else if (std::string_view(")]}").find(letter) != std::string_view::npos) {
      depth_ = std::max(0, depth_ - 1);
    }
    add(TokenKind::kOperator, std::string(1, letter), line_);
    ++at_;
  }

  void add(TokenKind kind, std::string text, int line) {
    if (current_.tokens.empty()) {
      current_.indent = indent_;
    }
    current_.tokens.push_back({.kind = kind, .text = std::move(text), .line = line});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  int depth_ = 0;
  int indent_ = 0;
  bool is_at_start_ = true;
  PythonLine current_;
  std::vector<PythonLine> lines_;
};

}  // namespace

std::vector<PythonLine> python_lines(std::string_view text) {
  return PythonLexer(text).run();
}

}  // namespace sheaf::bundles
