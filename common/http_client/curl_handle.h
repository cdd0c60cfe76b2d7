// Ownership of libcurl's handles and its error codes in ours. Internal to common/http_client.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <curl/curl.h>

#include "common/base/error.h"

namespace sheaf::http_client {

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using StringList = std::unique_ptr<curl_slist, ListDeleter>;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

/// A new handle; initialises libcurl once a process.
[[nodiscard]] EasyHandle make_handle();

/// Adds one string; keeps the list's owner right.
void append(StringList& list, const std::string& text);

/// Makes the transfer ask whether it shall end; `is_cancelled` must outlive it.
void set_cancellation(CURL* handle, const std::function<bool()>& is_cancelled);

/// What a failed transfer means to the caller.
[[nodiscard]] Error error_of(CURLcode code, const std::string& url);

}  // namespace sheaf::http_client
