"""The real `sheaf` under a test's control: a home of its own, a bundle folder, and `sheaf up` in the background."""

import json
import os
import pathlib
import select
import signal
import subprocess
import time

from sheaf_daemons import BIN, DEADLINE_S

# What the machine of the tests may have set must not reach the programs under test.
FOREIGN_VARIABLES = ("DATABRICKS_", "BUNDLE_VAR_", "SHEAF_DATA", "XDG_CONFIG_HOME")


class Cli:
    """Calls of `sheaf` with the home folder `home`."""

    def __init__(self, home):
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.data = self.home / ".local" / "share" / "sheaf"
        self.variables = {}

    def environment(self):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
        return {**inherited, "HOME": str(self.home), **self.variables}

    def __call__(self, *arguments, folder=None, status=0, stdin=""):
        """The finished process; its exit status must be `status` (None: any)."""
        done = subprocess.run(
            [BIN / "sheaf", *map(str, arguments)], cwd=folder or self.home, env=self.environment(), input=stdin,
            capture_output=True, text=True, timeout=DEADLINE_S * 2, check=False)
        assert status is None or done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *arguments, **settings):
        return json.loads(self(*arguments, "-o", "json", **settings).stdout)

    def start(self, *arguments, folder=None):
        """A call that goes on; its streams are pipes of text."""
        return subprocess.Popen(
            [BIN / "sheaf", *map(str, arguments)], cwd=folder or self.home, env=self.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Up:
    """`sheaf up` in the background; `ready` is what it printed once it was."""

    def __init__(self, cli, *arguments, slots=2):
        self.cli = cli
        self.log_path = cli.home / "up.log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [BIN / "sheaf", "up", "-o", "json", "--port", "0", "--slots", str(slots), *arguments],
                cwd=cli.home, env=cli.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.ready = self.read_ready()

    def read_ready(self):
        end = time.monotonic() + DEADLINE_S
        text = b""
        while not text.endswith(b"\n"):
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            if not piece:
                self.process.kill()
                raise AssertionError(f"`sheaf up` is not ready; its log ends:\n{self.log_end()}")
            text += piece
        return json.loads(text)

    def log_end(self, size=6000):
        return self.log_path.read_text(errors="replace")[-size:]

    def stop(self, sig=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sig)
        status = self.process.wait(DEADLINE_S * 2)
        self.process.stdout.close()
        return status


def write_bundle(folder, jobs, name="notes", **rest):
    """A bundle of command tasks; JSON is YAML."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    document = {"bundle": {"name": name}, "resources": {"jobs": jobs}, **rest}
    (folder / "databricks.yml").write_text(json.dumps(document, indent=2))
    return folder
