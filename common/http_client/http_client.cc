#include "common/http_client/http_client.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "common/http_client/curl_handle.h"

namespace sheaf::http_client {
namespace {

/// Where an answer goes while it arrives.
struct Sink {
  Response response;
  /// Takes the body of a 2xx answer; null: all bodies go into the response.
  std::FILE* file = nullptr;
  std::size_t received = 0;
  std::size_t limit = 0;
  bool is_full = false;
};

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& sink = *static_cast<Sink*>(context);
  const std::size_t length = size * count;
  sink.received += length;
  if (sink.received > sink.limit) {
    sink.is_full = true;
    return 0;
  }
  if (sink.file != nullptr && sink.response.is_success()) {
    return std::fwrite(bytes, 1, length, sink.file);
  }
  sink.response.body.append(bytes, length);
  return length;
}

/// Of "HTTP/1.1 200 OK"; 0 when it has none.
int status_of(std::string_view line) {
  const auto space = std::min(line.find(' '), line.size());
  int status = 0;
  std::from_chars(
      line.data() + space + (space < line.size() ? 1 : 0), line.data() + line.size(), status);
  return status;
}

std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& sink = *static_cast<Sink*>(context);
  const std::string_view line(bytes, size * count);
  const auto colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    sink.response.headers.clear();
    sink.response.status = status_of(line);
  } else if (colon != std::string_view::npos && sink.response.headers.size() < 200) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char letter) {
      return static_cast<char>(std::tolower(letter));
    });
    std::string_view value = line.substr(colon + 1);
    const auto begin = value.find_first_not_of(" \t\r\n");
    const auto end = value.find_last_not_of(" \t\r\n");
    value = begin == std::string_view::npos ? "" : value.substr(begin, end - begin + 1);
    sink.response.headers.emplace_back(std::move(name), std::string(value));
  }
  return size * count;
}

Result<File> open_file(const std::filesystem::path& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode));
  if (!file) {
    return fail(ErrorCode::kInternal, path.string() + ": " + std::strerror(errno));
  }
  return file;
}

void set_basics(CURL* handle, const Request& request, Sink& sink) {
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(
      handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  if (request.body_file || request.answer_file) {
    // A file may take its time, but not stand still: the peer may be gone without a word.
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, 120L);
  }
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &sink);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &sink);
}

/// Method and body; the returned file must live until the transfer is over.
Result<File> set_body(CURL* handle, const Request& request) {
  File file;
  if (request.body_file) {
    auto opened = open_file(*request.body_file, "rb");
    if (!opened) {
      return fail(opened.error());
    }
    file = std::move(*opened);
    const auto size = std::filesystem::file_size(*request.body_file);
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_READDATA, file.get());
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(
        handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  return file;
}

}  // namespace

std::string_view Response::header(std::string_view lower_case_name) const {
  const auto found = std::ranges::find_if(
      headers, [lower_case_name](const auto& entry) { return entry.first == lower_case_name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

class HttpClient::Connection {
 public:
  Result<Response> send(const Request& request) {
    CURL* handle = handle_.get();
    curl_easy_reset(handle);
    Sink sink{.limit = request.max_answer_bytes};
    File answer;
    if (request.answer_file) {
      auto opened = open_file(*request.answer_file, "wb");
      if (!opened) {
        return fail(opened.error());
      }
      answer = std::move(*opened);
      sink.file = answer.get();
    }
    set_basics(handle, request, sink);
    const auto body = set_body(handle, request);
    if (!body) {
      return fail(body.error());
    }
    StringList headers;
    for (const auto& [name, value] : request.headers) {
      append(headers, name + ": " + value);
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    set_cancellation(handle, request.is_cancelled);
    const CURLcode code = curl_easy_perform(handle);
    if (sink.is_full) {
      return fail(ErrorCode::kExhausted, request.url + ": the answer is too large");
    }
    if (code != CURLE_OK) {
      return fail(error_of(code, request.url));
    }
    if (answer && std::fflush(answer.get()) != 0) {
      return fail(ErrorCode::kExhausted, request.answer_file->string() + ": cannot be written");
    }
    return std::move(sink.response);
  }

 private:
  EasyHandle handle_ = make_handle();
};

HttpClient::HttpClient() : connection_(std::make_unique<Connection>()) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<Response> HttpClient::send(const Request& request) {
  return connection_->send(request);
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    const bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= 'a' && byte <= 'z') ||
                          std::string_view("-._~").find(character) != std::string_view::npos;
    if (is_plain) {
      encoded += character;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4U];
      encoded += kHex[byte & 0xFU];
    }
  }
  return encoded;
}

}  // namespace sheaf::http_client
