#include "scheduler/http/change_feed.h"

#include <algorithm>

namespace sheaf::http {

ChangeFeed::ChangeFeed(std::uint64_t last_batch) {
  content_.with([&](Content& content) { content.floor = last_batch; });
}

std::uint64_t ChangeFeed::version_of(const Content& content, RunId run) {
  const auto found = content.versions.find(run);
  return found == content.versions.end() ? content.floor : found->second;
}

void ChangeFeed::set_version(Content& content, RunId run, std::uint64_t batch) {
  auto& version = content.versions[run];
  content.by_age.erase({version, run});
  version = batch;
  content.by_age.insert({batch, run});
  while (content.by_age.size() > kMaxVersions) {
    const auto [oldest, forgotten] = *content.by_age.begin();
    content.floor = std::max(content.floor, oldest);
    content.versions.erase(forgotten);
    content.by_age.erase(content.by_age.begin());
  }
}

std::vector<std::function<void()>> ChangeFeed::take_ready(Content& content, RunId run) {
  std::vector<std::function<void()>> ready;
  const auto found = content.waiters.find(run);
  if (found == content.waiters.end()) {
    return ready;
  }
  const auto version = version_of(content, run);
  std::erase_if(found->second, [&](Waiter& waiter) {
    if (waiter.above >= version) {
      return false;
    }
    content.waiting.erase(waiter.id);
    ready.push_back(std::move(waiter.on_change));
    return true;
  });
  if (found->second.empty()) {
    content.waiters.erase(found);
  }
  return ready;
}

void ChangeFeed::publish(const std::vector<RunId>& runs, std::uint64_t batch) {
  std::vector<std::function<void()>> ready;
  content_.with([&](Content& content) {
    for (const RunId run : runs) {
      set_version(content, run, batch);
      auto woken = take_ready(content, run);
      std::move(woken.begin(), woken.end(), std::back_inserter(ready));
    }
  });
  for (const auto& on_change : ready) {
    on_change();
  }
}

std::uint64_t ChangeFeed::version(RunId run) const {
  return content_.with([&](const Content& content) { return version_of(content, run); });
}

Result<ChangeFeed::WaiterId> ChangeFeed::wait(RunId run,
                                              std::uint64_t above,
                                              std::function<void()> on_change) {
  std::vector<std::function<void()>> ready;
  auto id = content_.with([&](Content& content) -> Result<WaiterId> {
    if (content.waiting.size() >= kMaxWaiters) {
      return fail(ErrorCode::kExhausted, "too many clients wait for runs");
    }
    const WaiterId waiter = content.next_waiter++;
    content.waiting.emplace(waiter, run);
    content.waiters[run].push_back({waiter, above, std::move(on_change)});
    ready = take_ready(content, run);
    return waiter;
  });
  for (const auto& call : ready) {
    call();
  }
  return id;
}

bool ChangeFeed::cancel(WaiterId waiter) {
  return content_.with([&](Content& content) {
    const auto found = content.waiting.find(waiter);
    if (found == content.waiting.end()) {
      return false;
    }
    const auto list = content.waiters.find(found->second);
    std::erase_if(list->second, [&](const Waiter& other) { return other.id == waiter; });
    if (list->second.empty()) {
      content.waiters.erase(list);
    }
    content.waiting.erase(found);
    return true;
  });
}

}  // namespace sheaf::http
