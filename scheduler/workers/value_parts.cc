#include "scheduler/workers/value_parts.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sheaf::workers {

std::optional<wire::Values> ValueParts::add(wire::Values part) {
  wire::Values& list = lists_[part.attempt];
  const bool is_older =
      part.fence < list.fence || (part.fence == list.fence && part.sequence < list.sequence);
  if (is_older) {
    return std::nullopt;
  }
  if (part.first == 0) {
    list = std::move(part);
  } else {
    const bool continues = part.fence == list.fence && part.sequence == list.sequence &&
                           part.total == list.total && part.first == list.entries.size();
    if (!continues) {
      return std::nullopt;
    }
    std::ranges::move(part.entries, std::back_inserter(list.entries));
  }
  if (list.entries.size() < list.total) {
    return std::nullopt;
  }
  // What stays behind says which list is the newest, without its entries.
  wire::Values whole = std::exchange(list, {});
  list.attempt = whole.attempt;
  list.fence = whole.fence;
  list.sequence = whole.sequence;
  return whole;
}

}  // namespace sheaf::workers
