"""Streams: one process works through many iterations of a for-each task (``sheaf: {mode: stream}``).

The worker names two files: SHEAF_STREAM_INPUT holds one line ``{"index": 0, "input": ...}`` for each
iteration of this process, SHEAF_STREAM_OUTPUT takes one line ``{"index": 0, "ok": true}`` for each
that is over. A line is one O_APPEND write, so that what was written counts whatever happens next.
"""

import json
import os

MAX_ERROR_CHARACTERS = 1024


class Item:
    """One iteration: its ``index`` in the for-each task, and its ``input``."""

    def __init__(self, index, value, outcomes):
        self.index = index
        self.input = value
        self.is_over = False
        self._outcomes = outcomes

    def done(self):
        """Records that it has succeeded."""
        self._end({"index": self.index, "ok": True})

    def fail(self, error):
        """Records that it has failed; ``error`` is a text or an exception."""
        text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
        self._end({"index": self.index, "ok": False, "error": text[:MAX_ERROR_CHARACTERS]})

    def _end(self, line):
        if self.is_over:
            raise RuntimeError(f"iteration {self.index} has an outcome already; the first one counts")
        self._outcomes.write(line)
        self.is_over = True


class _Outcomes:
    def __init__(self, path):
        self._path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, line):
        encoded = json.dumps(line).encode("ascii") + b"\n"
        written = os.write(self._descriptor, encoded)
        if written != len(encoded):
            raise OSError(f"only {written} of {len(encoded)} bytes could be written to {self._path}")

    def close(self):
        os.close(self._descriptor)


def stream():
    """Yields the items of this process, in order.

    An item whose body ends without ``done()`` or ``fail()`` is done when the next one is asked for.
    A generator does not see what the body raises: an exception that leaves the loop ends the
    process, and is charged to the item at hand alone; the items behind it come again. An item that
    ``break`` leaves open has no outcome. ``run_stream`` goes on behind a failed item.

    Raises RuntimeError where this process is no stream.
    """
    inputs, outputs = os.environ.get("SHEAF_STREAM_INPUT"), os.environ.get("SHEAF_STREAM_OUTPUT")
    if not inputs or not outputs:
        raise RuntimeError(
            "this process is no stream: write `sheaf: {mode: stream}` in its for_each_task, and run it there"
        )
    outcomes = _Outcomes(outputs)
    try:
        outcomes.write({"ready": True})
        with open(inputs, encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                item = Item(entry["index"], entry["input"], outcomes)
                yield item
                if not item.is_over:
                    item.done()
    finally:
        outcomes.close()


def run_stream(function):
    """Calls ``function(input)`` for each item and records how each ended; returns how many failed.

    What it raises (any ``Exception``) fails that item alone, with a traceback on stderr.
    """
    failed = 0
    for item in stream():
        try:
            function(item.input)
        except Exception as error:
            import traceback

            traceback.print_exc()
            item.fail(error)
            failed += 1
    return failed
