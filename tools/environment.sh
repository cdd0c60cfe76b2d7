# Sourced by the scripts of this folder (bash): where the tools live, outside the checkout.
# shellcheck shell=bash
SHEAF_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SHEAF_CACHE=${SHEAF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sheaf}
SHEAF_TOOLS=$SHEAF_CACHE/tools
export SHEAF_ROOT SHEAF_CACHE SHEAF_TOOLS

# Debian's Python by its exact path: a version manager's shim on PATH costs 60 ms a start and may be another version.
SHEAF_PYTHON=/usr/bin/python3
export SHEAF_PYTHON

# uv, pytest and the clients that the tests use come first; uv never brings an interpreter of its own.
PATH=$SHEAF_TOOLS/bin:$PATH
export PATH UV_PYTHON_DOWNLOADS=never PYTHONDONTWRITEBYTECODE=1

# One compiler cache for every clone: paths below the checkout are hashed relative to it.
export CCACHE_DIR=${CCACHE_DIR:-$SHEAF_CACHE/ccache}
export CCACHE_BASEDIR=$SHEAF_ROOT CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-4G}

# Two compilations need up to 3 GB: no more of them at once than half the gigabytes that are free.
sheaf_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ {print int($2 / 1572864)}' /proc/meminfo)
  (( memory >= 1 )) || memory=1
  echo $(( cores < memory ? cores : memory ))
}

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }
