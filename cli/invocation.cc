#include "cli/invocation.h"

namespace sheaf::cli {

Result<std::filesystem::path> Invocation::data_folder() const {
  if (options.data) {
    return surroundings.absolute(*options.data);
  }
  return surroundings.data_folder();
}

Result<Endpoint> find_endpoint(const Invocation& invocation) {
  return find_endpoint(
      invocation.surroundings,
      {.data_folder = invocation.options.data, .profile = invocation.options.profile});
}

Result<Scheduler> connect(const Invocation& invocation) {
  auto endpoint = find_endpoint(invocation);
  if (!endpoint) {
    return fail(endpoint.error());
  }
  return Scheduler::connect(std::move(*endpoint));
}

}  // namespace sheaf::cli
