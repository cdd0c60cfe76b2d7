#!/usr/bin/env python3
"""Measures the whole system beside the ceilings of its host, in interleaved rounds; prints medians with their spread.

    tests/bench/run_bench.py --bin build/release/bin [--rounds 9] [--slots N] [--quick] [--json FILE]

Real daemons, real processes, in a temporary folder. Nothing is asserted about times. Python standard library only.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--slots", type=int, default=os.cpu_count())
    parser.add_argument("--quick", action="store_true", help="few tasks, for a look")
    parser.add_argument("--json", type=pathlib.Path, help="write every sample there")
    return parser.parse_args()


OPTIONS = arguments()
os.environ["SHEAF_BIN"] = str(OPTIONS.bin.resolve())
sys.path.insert(0, str(ROOT / "tests" / "system"))
import sheaf_daemons  # noqa: E402  (reads SHEAF_BIN)

FAN_JOBS, FAN_TASKS = (2, 100) if OPTIONS.quick else (2, 1_000)
CHAIN = 10 if OPTIONS.quick else 25
SUBMITS = 5 if OPTIONS.quick else 20
CEILING_COUNT = 100 if OPTIONS.quick else 600


def compile_tools(folder):
    """The ceilings program and the task that stamps its clock."""
    subprocess.run(["c++", "-std=c++20", "-O2", ROOT / "tests/bench/ceilings.cc", "-o", folder / "ceilings"], check=True)
    subprocess.run(["cc", "-O2", "-static", ROOT / "tests/bench/stamp.c", "-o", folder / "stamp"], check=True)


def read_stamps(path):
    return [int(line) / 1e9 for line in path.read_text().split()] if path.exists() else []


def percentile(samples, share):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.sheaf = sheaf_daemons.Sheaf(folder / "sheaf", slots=OPTIONS.slots)
        self.stamps = 0
        compile_tools(folder)

    # ---- Jobs
    def deploy(self):
        stamp = str(self.folder / "stamp")

        def task(key, *command, after=None):
            depends = {"depends_on": [{"task_key": after}]} if after else {}
            return sheaf_daemons.command_task(key, *command, **depends)

        def job(name, tasks):
            return {"name": name, "max_concurrent_runs": 100, "tasks": tasks,
                    "parameters": [{"name": "file", "default": "/dev/null"}]}

        def chain(length):
            return [task(f"t{i}", stamp, "{{job.parameters.file}}", after=f"t{i - 1}" if i else None)
                    for i in range(length)]

        self.jobs = self.sheaf.deploy(
            fan=job("fan", [task(f"t{i}", "/bin/true") for i in range(FAN_TASKS)]),
            chain=job("chain", chain(CHAIN)),
            long_chain=job("long_chain", chain(400)),
            one=job("one", chain(1)))

    def stamp_file(self):
        self.stamps += 1
        return self.folder / f"stamps-{self.stamps}"

    def run(self, job, **parameters):
        return self.sheaf.run_now(self.jobs[job], **parameters)

    def wait(self, run):
        result = self.sheaf.wait_run(run, deadline_s=600)
        if result["state"] != "SUCCESS":
            raise SystemExit(f"run {run} ended {result['state']}: {self.sheaf.worker.log_end()}")

    # ---- Measures
    def ceilings(self):
        text = subprocess.run(
            [self.folder / "ceilings", OPTIONS.bin / "sheaf-shim", self.folder / "ceiling", str(CEILING_COUNT),
             str(OPTIONS.slots)], check=True, capture_output=True, text=True).stdout
        return json.loads(text)

    def fan_out(self):
        start = time.monotonic()
        for run in [self.run("fan") for _ in range(FAN_JOBS)]:
            self.wait(run)
        return {"fan_out_tasks_per_s": FAN_JOBS * FAN_TASKS / (time.monotonic() - start)}

    def chain_steps(self):
        path = self.stamp_file()
        self.wait(self.run("chain", file=str(path)))
        stamps = read_stamps(path)
        steps = [(b - a) * 1e3 for a, b in zip(stamps, stamps[1:])]
        return {"chain_step_p50_ms": percentile(steps, 0.5), "chain_step_p99_ms": percentile(steps, 0.99)}

    def submit_to_start(self):
        waits = []
        for _ in range(SUBMITS):
            path = self.stamp_file()
            before = time.time()
            self.wait(self.run("one", file=str(path)))
            waits.append((read_stamps(path)[0] - before) * 1e3)
        return {"submit_to_start_p50_ms": percentile(waits, 0.5), "submit_to_start_p99_ms": percentile(waits, 0.99)}

    def memory(self):
        status = pathlib.Path(f"/proc/{self.sheaf.scheduler.process.pid}/status").read_text()
        worker = pathlib.Path(f"/proc/{self.sheaf.worker.process.pid}/status").read_text()
        anonymous = re.compile(r"RssAnon:\s+(\d+) kB")
        return {"scheduler_rss_anon_mib": int(anonymous.search(status).group(1)) / 1024,
                "worker_rss_anon_mib": int(anonymous.search(worker).group(1)) / 1024}

    def kill_to_dispatch(self):
        """kill -9 of the scheduler in the middle of a chain, restarted at once: until the next task runs."""
        path = self.stamp_file()
        run = self.run("long_chain", file=str(path))
        sheaf_daemons.wait_for(lambda: len(read_stamps(path)) >= 10, "the chain is under way")
        self.sheaf.scheduler.kill()
        seen = len(read_stamps(path))
        killed = time.time()
        start = time.monotonic()
        self.sheaf.scheduler.start()
        ready = time.monotonic() - start
        # What was in flight at the kill may still end; what is dispatched afterwards comes second.
        sheaf_daemons.wait_for(lambda: len(read_stamps(path)) >= seen + 2, "the chain goes on")
        resumed = read_stamps(path)[seen + 1]
        self.sheaf.post("/api/2.2/jobs/runs/cancel", {"run_id": run})
        self.sheaf.wait_run(run)
        return {"start_up_ms": ready * 1e3, "kill_to_dispatch_ms": (resumed - killed) * 1e3}

    def round(self):
        samples = self.ceilings()
        for measure in (self.fan_out, self.chain_steps, self.submit_to_start, self.memory, self.kill_to_dispatch):
            samples.update(measure())
        samples["fan_out_share_of_loop"] = samples["fan_out_tasks_per_s"] / samples["attempts_per_s"]
        return samples


NAMES = {
    "spawns_per_s": "host: posix_spawn(/bin/true) and wait, /s",
    "attempts_per_s": "host: same-shape loop (folder, shim, log, exit record), /s",
    "attempts_alone_per_s": "host: the same, one at a time, /s",
    "fsyncs_per_s": "host: 4 KiB append + fdatasync, /s",
    "fan_out_tasks_per_s": f"fan-out of {FAN_JOBS * FAN_TASKS} x /bin/true, tasks/s",
    "fan_out_share_of_loop": "fan-out / same-shape loop of its round",
    "chain_step_p50_ms": f"chain of {CHAIN}: step p50, ms",
    "chain_step_p99_ms": f"chain of {CHAIN}: step p99, ms",
    "submit_to_start_p50_ms": "submit to first instruction p50, ms",
    "submit_to_start_p99_ms": "submit to first instruction p99, ms",
    "scheduler_rss_anon_mib": "scheduler private memory (RssAnon), MiB",
    "worker_rss_anon_mib": "worker agent private memory (RssAnon), MiB",
    "start_up_ms": "scheduler start to ready, ms",
    "kill_to_dispatch_ms": "kill -9 of the scheduler to next dispatch, ms",
}


def report(rounds):
    print(f"\n{len(rounds)} rounds, {OPTIONS.slots} slots, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| measure | median | lowest | highest |")
    print("|---|--:|--:|--:|")
    for key, name in NAMES.items():
        samples = [one[key] for one in rounds]
        digits = 2 if statistics.median(samples) < 10 else 0
        print(f"| {name} | {statistics.median(samples):.{digits}f} | {min(samples):.{digits}f} | "
              f"{max(samples):.{digits}f} |")


def main():
    with tempfile.TemporaryDirectory(prefix="sheaf-bench-") as folder:
        bench = Bench(pathlib.Path(folder))
        bench.sheaf.start()
        try:
            bench.deploy()
            rounds = []
            for number in range(OPTIONS.rounds):
                rounds.append(bench.round())
                print(f"round {number + 1}: " + ", ".join(f"{k}={v:.1f}" for k, v in rounds[-1].items()), flush=True)
        finally:
            bench.sheaf.stop()
    report(rounds)
    if OPTIONS.json:
        OPTIONS.json.write_text(json.dumps(rounds, indent=1))


if __name__ == "__main__":
    main()
