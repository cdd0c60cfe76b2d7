#!/usr/bin/env python3
"""One run of a million iterations through the real daemons: what its users wait for.

  tests/bench/million_bench.py [--bin DIR] [--iterations N] [--rounds N]

A round begins with an empty store. It measures the run's submission, questions about it while it is under way, a restart after
kill -9, its cancellation, and a repair of all that was cancelled; beside them, the same questions about a run of ten iterations,
and what the disk takes for a sync of 4 KiB.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time


ROOT = pathlib.Path(__file__).resolve().parents[2]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=ROOT / "build/release/bin")
    parser.add_argument("--iterations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


ARGUMENTS = parse()
os.environ["SHEAF_BIN"] = str(pathlib.Path(ARGUMENTS.bin).resolve())
os.environ.setdefault("SHEAF_TEST_DEADLINE_S", "300")
sys.path.insert(0, str(ROOT / "tests/system"))

from sheaf_daemons import Sheaf, command_task  # noqa: E402

SYNCS = 200


def settings(iterations):
    loop = {"sheaf": {"inputs_file": "inputs"}, "concurrency": 100,
            "task": command_task("each", "true", max_retries=0)}
    return {"name": f"loop of {iterations}", "tasks": [{"task_key": "loop", "for_each_task": loop}]}


class Round:
    def __init__(self, folder):
        self.sheaf = Sheaf(folder, slots=2).start()
        self.rows = {}

    def timed(self, what, act):
        begin = time.monotonic()
        result = act()
        self.rows[what] = (time.monotonic() - begin) * 1000
        return result

    def private_mib(self):
        status = pathlib.Path(f"/proc/{self.sheaf.scheduler.process.pid}/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) / 1024

    def submit(self, iterations, name):
        lines = "".join(f"{i}\n" for i in range(iterations)).encode()
        job = self.sheaf.deploy(bundle=name, files={"inputs": lines}, loop=settings(iterations))["loop"]
        return self.timed(f"{name}: submitted", lambda: self.sheaf.run_now(job))

    def check_planned(self, run, iterations):
        """The answer to run-now came after the commit that has the iterations."""
        assert self.iteration_stats(run).get("total_iterations") == iterations

    def sync(self):
        file = self.sheaf.folder / "syncs"
        with file.open("wb", buffering=0) as handle:
            begin = time.monotonic()
            for _ in range(SYNCS):
                handle.write(b"x" * 4096)
                os.fdatasync(handle.fileno())
            self.rows["host: fdatasync"] = (time.monotonic() - begin) * 1000 / SYNCS

    def iteration_stats(self, run):
        task = self.sheaf.get(f"/api/2.2/jobs/runs/get?run_id={run}")["tasks"][0]
        return task["for_each_task"].get("stats", {}).get("task_run_stats", {})

    def ask(self, run, name):
        self.timed(f"{name}: runs/get", lambda: self.sheaf.get(f"/api/2.2/jobs/runs/get?run_id={run}"))
        self.timed(f"{name}: runs/list", lambda: self.sheaf.get("/api/2.2/jobs/runs/list"))
        self.timed(f"{name}: the run, Sheaf's own", lambda: self.sheaf.get(f"/api/sheaf/v1/runs/{run}"))
        self.timed(f"{name}: why", lambda: self.sheaf.get(f"/api/sheaf/v1/runs/{run}/why"))

    def restart(self, name):
        self.sheaf.scheduler.kill()
        self.timed(f"{name}: ready after kill -9", self.sheaf.scheduler.start)

    def cancel(self, run, name):
        def act():
            self.sheaf.post("/api/2.2/jobs/runs/cancel", {"run_id": run})
            self.sheaf.wait_run(run)
        self.timed(f"{name}: cancelled, to its end", act)

    def repair(self, run, name):
        self.timed(f"{name}: repaired", lambda: self.sheaf.post(
            "/api/2.2/jobs/runs/repair", {"run_id": run, "rerun_all_failed_tasks": True}))

    def play(self):
        try:
            self.measure()
        finally:
            self.sheaf.stop()
        return self.rows

    def measure(self):
        self.sync()
        for name, iterations in (("small", 10), ("million", ARGUMENTS.iterations)):
            run = self.submit(iterations, name)
            if name == "million":
                self.check_planned(run, iterations)
                self.rows["million: private memory, MiB"] = self.private_mib()
                self.ask(run, name)
                self.restart(name)
                self.ask(run, name + " after restart")
                self.cancel(run, name)
                self.ask(run, name + " when over")
                self.repair(run, name)
                self.cancel(run, name + " again")
                self.restart(name + " over")
            else:
                self.sheaf.wait_run(run)
                self.ask(run, name)


def main():
    rows = {}
    for number in range(ARGUMENTS.rounds):
        with tempfile.TemporaryDirectory() as folder:
            for what, value in Round(pathlib.Path(folder) / str(number)).play().items():
                rows.setdefault(what, []).append(value)
    print(json.dumps({"iterations": ARGUMENTS.iterations, "rounds": ARGUMENTS.rounds}))
    print(f"{'measure, ms unless it says so':44} {'median':>10} {'lowest':>10} {'highest':>10}")
    for what, values in rows.items():
        print(f"{what:44} {statistics.median(values):10.1f} {min(values):10.1f} {max(values):10.1f}")


if __name__ == "__main__":
    main()
