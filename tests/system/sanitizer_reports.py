"""What a sanitizer says of any program that a test starts, also of one that is killed later, fails that test.

Without this a report would stand in a log that nobody reads: a race does not end a daemon, and its exit status is lost when
the test kills it.
"""

import atexit
import os
import pathlib
import shutil
import tempfile

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="sheaf-sanitizers-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

for _variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
    os.environ[_variable] = ":".join(filter(None, [os.environ.get(_variable), f"log_path={FOLDER}/report"]))


def take():
    """The reports since the last call, as one text."""
    texts = []
    for path in sorted(FOLDER.iterdir()):
        texts.append(path.read_text(errors="replace"))
        path.unlink()
    return "\n".join(texts)
