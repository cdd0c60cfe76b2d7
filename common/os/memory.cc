#include "common/os/memory.h"

#include <malloc.h>

namespace sheaf::os {

void release_free_memory() {
  // The allocator gives back by itself only what lies at the end of its heap.
  ::malloc_trim(0);
}

}  // namespace sheaf::os
