#include "common/http_client/curl_handle.h"

#include "common/base/check.h"

namespace sheaf::http_client {
namespace {

/// Non-zero ends the transfer.
int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& is_cancelled = *static_cast<const std::function<bool()>*>(context);
  return is_cancelled() ? 1 : 0;
}

}  // namespace

EasyHandle make_handle() {
  static const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  SHEAF_CHECK(kInitialised == CURLE_OK, "libcurl cannot start");
  EasyHandle handle(curl_easy_init());
  SHEAF_CHECK(handle != nullptr, "libcurl has no handle");
  return handle;
}

void append(StringList& list, const std::string& text) {
  curl_slist* extended = curl_slist_append(list.get(), text.c_str());
  SHEAF_CHECK(extended != nullptr, "out of memory");
  static_cast<void>(list.release());
  list.reset(extended);
}

void set_cancellation(CURL* handle, const std::function<bool()>& is_cancelled) {
  if (!is_cancelled) {
    return;
  }
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &is_cancelled);
}

Error error_of(CURLcode code, const std::string& url) {
  const std::string message = url + ": " + curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {.code = ErrorCode::kTimeout, .message = message};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {.code = ErrorCode::kInvalid, .message = message};
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR:
      return {.code = ErrorCode::kExhausted, .message = message};
    default:  // libcurl's own codes: all others mean that the other side was not there or broke
              // off.
      return {.code = ErrorCode::kUnavailable, .message = message};
  }
}

}  // namespace sheaf::http_client
