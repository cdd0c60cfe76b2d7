// A broken promise ends the story of its seed.
#pragma once

#include <stdexcept>
#include <string>

namespace sheaf::sim {

class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `promise` names the promise or rule, `what` tells how it was broken.
[[noreturn]] inline void violate(const std::string& promise, const std::string& what) {
  throw Violation(promise + ": " + what);
}

}  // namespace sheaf::sim
