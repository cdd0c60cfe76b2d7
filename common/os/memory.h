// Memory of this process.
#pragma once

namespace sheaf::os {

/// Gives freed memory back to the system; what is in use stays. Milliseconds for each 100 MB.
void release_free_memory();

}  // namespace sheaf::os
