"""Every house rule, by name: a function from a Tree to the violations that it finds."""

import documents
import layers
import sizes
import words

RULES = {
    "table": layers.find_undescribed_folders,
    "layers": layers.find_layer_breaks,
    "dependencies": layers.find_dependency_breaks,
    "libraries": layers.find_homeless_libraries,
    "purity": layers.find_impurity,
    "words": words.find_banned_code,
    "sleeps": words.find_sleeping_tests,
    "unfinished": words.find_unfinished_work,
    "include guards": words.find_missing_pragma_once,
    "file length": sizes.find_long_files,
    "allowances": sizes.find_stale_allowances,
    "function length": sizes.find_long_functions,
    "outside places": documents.find_outside_places,
    "links": documents.find_broken_links,
    "changelog": documents.find_changelog_breaks,
    "decisions": documents.find_decision_breaks,
    "lock files": documents.find_hosts_in_locks,
    "readme": documents.find_missing_commands,
}
