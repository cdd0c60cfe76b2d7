#include <algorithm>
#include <array>
#include <utility>

#include "common/http_client/curl_handle.h"
#include "common/http_client/http_client.h"

namespace sheaf::http_client {
namespace {

struct Source {
  std::string_view rest;
};

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* context) {
  auto& source = *static_cast<Source*>(context);
  const std::size_t length = std::min(size * count, source.rest.size());
  std::copy_n(source.rest.data(), length, buffer);
  source.rest.remove_prefix(length);
  return length;
}

/// Whether it is this mail that was refused for good. A login, a hello or an encryption that the
/// server refuses is the operator's to mend; then the same mail goes.
bool refuses_mail(CURLcode code, long status) {
  constexpr std::array<long, 4> kLoginAnswers{530, 534, 535, 538};
  return status >= 500 && std::ranges::find(kLoginAnswers, status) == kLoginAnswers.end() &&
         code != CURLE_LOGIN_DENIED && code != CURLE_REMOTE_ACCESS_DENIED &&
         code != CURLE_USE_SSL_FAILED;
}

}  // namespace

Result<void> send_mail(const MailServer& server,
                       const Mail& mail,
                       const std::function<bool()>& is_cancelled) {
  const EasyHandle handle = make_handle();
  StringList recipients;
  for (const std::string& recipient : mail.to) {
    append(recipients, "<" + recipient + ">");
  }
  const std::string from = "<" + mail.from + ">";
  Source source{.rest = mail.message};
  curl_easy_setopt(handle.get(), CURLOPT_URL, server.url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_CONNECTTIMEOUT, 10L);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(handle.get(),
                   CURLOPT_USE_SSL,
                   static_cast<long>(server.requires_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  if (!server.user.empty()) {
    curl_easy_setopt(handle.get(), CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_PASSWORD, server.password.c_str());
  }
  curl_easy_setopt(handle.get(), CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(handle.get(), CURLOPT_READFUNCTION, &on_read);
  curl_easy_setopt(handle.get(), CURLOPT_READDATA, &source);
  curl_easy_setopt(handle.get(), CURLOPT_UPLOAD, 1L);
  set_cancellation(handle.get(), is_cancelled);
  const CURLcode code = curl_easy_perform(handle.get());
  if (code == CURLE_OK) {
    return {};
  }
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  if (refuses_mail(code, status)) {
    return fail(ErrorCode::kInvalid,
                server.url + ": the mail server refused the mail with " + std::to_string(status));
  }
  Error error = error_of(code, server.url);
  if (status >= 400) {
    error.message += " (the mail server answered " + std::to_string(status) + ")";
  }
  return fail(std::move(error));
}

}  // namespace sheaf::http_client
