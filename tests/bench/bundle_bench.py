#!/usr/bin/env python3
"""Measures what `sheaf` does with bundles beside what its host needs for the like, in interleaved rounds; prints medians.

    tests/bench/bundle_bench.py --bin build/release/bin [--rounds 9] [--quick] [--no-deploy]

Each measure and its baseline run one after the other in every round. CPU is user and system time of the process and its
children: on a busy machine it says more than the clock. Nothing is asserted about times. Standard library and, for the
YAML baselines, PyYAML where `python3` has it.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
YAML_BASELINE = """
import pathlib, sys, yaml
loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
for path in sorted(pathlib.Path(".").rglob("*.yml")):
    yaml.load(path.read_text(), loader)
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="without the bundle of 10,000 jobs")
    parser.add_argument("--no-deploy", action="store_true", help="without daemons")
    return parser.parse_args()


OPTIONS = arguments()
SHEAF = (OPTIONS.bin / "sheaf").resolve()
os.environ["SHEAF_BIN"] = str(SHEAF.parent)
sys.path.insert(0, str(ROOT / "tests" / "system"))
import cli_program  # noqa: E402  (reads SHEAF_BIN)


def task(number, script, after=None):
    lines = [f"        - task_key: t{number}", f"          spark_python_task: {{python_file: ../src/{script}, "
             "parameters: [\"--day={{job.start_time.iso_date}}\", \"--root=${var.root}\"]}", "          max_retries: 2"]
    return lines + ([f"          depends_on: [{{task_key: t{after}}}]"] if after is not None else [])


def job(key, tasks, script):
    lines = [f"    {key}:", f"      name: {key}", "      tags: {team: wines, target: \"${bundle.target}\"}",
             "      parameters: [{name: day, default: today}]",
             "      schedule: {quartz_cron_expression: \"0 30 2 * * ?\", timezone_id: Europe/Berlin}", "      tasks:"]
    for number in range(tasks):
        lines += task(number, script, number - 1 if number else None)
    return lines


def write_bundle(folder, files, counts, extra_files=0):
    """`counts` are the numbers of tasks of the jobs, which go round the YAML files."""
    for name in ("jobs", "src", "data"):
        (folder / name).mkdir(parents=True)
    (folder / "databricks.yml").write_text(
        "bundle: {name: bench}\ninclude: [jobs/*.yml]\nvariables:\n  root: {default: /srv/wines}\n"
        "targets:\n  dev: {mode: development, default: true}\n  prod: {}\n")
    texts = [[] for _ in range(files)]
    for number, tasks in enumerate(counts):
        texts[number % files] += job(f"job_{number}", tasks, f"s{number % 20}.py")
    for number, lines in enumerate(texts):
        text = "\n".join(["resources:", "  jobs:", *lines]) if lines else f"variables:\n  v{number}: {{default: x}}"
        (folder / "jobs" / f"f{number:04}.yml").write_text(text + "\n")
    for number in range(20):
        (folder / "src" / f"s{number}.py").write_text("print(1)\n")
    for number in range(extra_files):
        (folder / "data" / f"d{number:04}.csv").write_text(f"{number},{number * number}\n" * 200)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    return folder


def measure(command, folder, environment):
    """Milliseconds of the clock and of CPU."""
    start = time.monotonic()
    child = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    elapsed = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{command}: {child.returncode}: {errors.decode()[-2000:]}")
    return elapsed * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


class Bench:
    def __init__(self, folder):
        self.cli = cli_program.Cli(folder / "home")
        self.rows = []
        self.samples = {}
        has_yaml = subprocess.run(["python3", "-c", "import yaml"], capture_output=True, check=False).returncode == 0
        self.yaml = ["python3", "-c", YAML_BASELINE] if has_yaml else None
        nothing, git = ["/bin/true"], ["git", "ls-files", "-z"]
        validate, version = [SHEAF, "validate"], [SHEAF, "--version"]
        typical = write_bundle(folder / "typical", 70, [4] * 33 + [3] * 8)
        assert sum([4] * 33 + [3] * 8) == 156
        self.add("sheaf --version (10)", version, typical, "/bin/true", nothing)
        self.add("validate: 70 files, 41 jobs, 156 tasks (40)", validate, typical, "PyYAML", self.yaml)
        sizes = [1_000] if OPTIONS.quick else [1_000, 10_000]
        for jobs in sizes:
            big = write_bundle(folder / f"jobs{jobs}", jobs // 10, [10] * jobs)
            self.add(f"validate: {jobs:,} jobs x 10 tasks" + (" (1000)" if jobs == 1_000 else ""), validate, big,
                     "PyYAML", self.yaml)
        self.up = None
        if not OPTIONS.no_deploy:
            self.files = write_bundle(folder / "files", 1, [1], extra_files=1_000)
            self.add("second deploy: 1,000 files (200)", [SHEAF, "deploy"], self.files, "git ls-files", git)

    def start(self):
        if not OPTIONS.no_deploy:
            self.up = cli_program.Up(self.cli)
            self.cli("deploy", folder=self.files)

    def add(self, name, command, folder, baseline_name, baseline):
        self.rows.append((name, command, folder, baseline_name, baseline))
        self.samples[name] = []

    def round(self):
        environment = self.cli.environment()
        for name, command, folder, _, baseline in self.rows:
            ours = measure(command, folder, environment)
            theirs = measure(baseline, folder, environment) if baseline else (float("nan"),) * 2
            self.samples[name].append((*ours, *theirs))

    def report(self):
        print(f"{OPTIONS.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; in brackets what is aimed at\n")
        print("| measure | clock, ms | CPU, ms | baseline | its CPU, ms | ours / baseline |")
        print("|---|--:|--:|---|--:|--:|")
        for name, _, _, baseline, _ in self.rows:
            clock, cpu, _, base = (statistics.median(column) for column in zip(*self.samples[name]))
            ratio = statistics.median(s[1] / s[3] if s[3] else float("nan") for s in self.samples[name])
            print(f"| {name} | {clock:.1f} | {cpu:.1f} | {baseline} | {base:.1f} | {ratio:.2f} |")

    def close(self):
        if self.up is not None:
            self.up.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="sheaf-bench-") as folder:
        bench = Bench(pathlib.Path(folder))
        try:
            bench.start()
            for _ in range(OPTIONS.rounds):
                bench.round()
            bench.report()
        finally:
            bench.close()


if __name__ == "__main__":
    main()
