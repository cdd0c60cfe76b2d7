"""What a worker prepares for a task: its files, whole, and its environment, the author's words first."""

import json
import os
import shutil
import stat

import pytest

from sheaf_daemons import command_task, shell_task

pytestmark = pytest.mark.daemons

SCRIPT = b"cat model/weights.txt\n"
WEIGHTS = b"0.25 0.5\n"


def run_once(sheaf, job_id):
    run = sheaf.wait_run(sheaf.run_now(job_id))
    return run, sheaf.logs(sheaf.task(run, "t")["run_id"])


@pytest.fixture
def deployed(sheaf):
    sheaf.jobs = sheaf.deploy(files={"go.sh": SCRIPT, "model/weights.txt": WEIGHTS},
                              j={"name": "j", "tasks": [shell_task("t", "cd \"$SHEAF_FILES\"; sh go.sh")]})
    run, log = run_once(sheaf, sheaf.jobs["j"])
    assert (run["state"], log) == ("SUCCESS", WEIGHTS)
    (sheaf.tree,) = [path for path in sheaf.worker_data.rglob("trees/*") if path.is_dir()]
    return sheaf


def remove_tree(tree):
    for folder, _, _ in os.walk(tree):
        os.chmod(folder, 0o755)
    shutil.rmtree(tree)


def test_a_blob_that_a_power_loss_emptied_is_fetched_again(deployed):
    sheaf = deployed
    remove_tree(sheaf.tree)
    blobs = [path for path in sheaf.worker_data.rglob("blobs/*")]
    assert len(blobs) == 3
    for blob in blobs:
        os.truncate(blob, 0)
    run, log = run_once(sheaf, sheaf.jobs["j"])
    assert (run["state"], log) == ("SUCCESS", WEIGHTS)


def test_a_tree_that_was_not_finished_is_built_anew(deployed):
    sheaf = deployed
    part = sheaf.tree.with_name(sheaf.tree.name + ".part")
    shutil.copytree(sheaf.tree, part)
    (part / "model").chmod(0o755)
    (part / "model" / "left.txt").write_text("of another time")
    (part / "model").chmod(0o555)
    remove_tree(sheaf.tree)
    run, log = run_once(sheaf, sheaf.jobs["j"])
    assert (run["state"], log) == ("SUCCESS", WEIGHTS)
    assert not part.exists() and not (sheaf.tree / "model" / "left.txt").exists()
    assert stat.S_IMODE((sheaf.tree / "model").stat().st_mode) == 0o555


def change_content(tree):
    (tree / "model" / "weights.txt").chmod(0o644)
    (tree / "model" / "weights.txt").write_bytes(b"9.99 9.9\n")  # as long as before


def change_nothing_but_lock(tree):
    tree.chmod(0)


def remove_a_file(tree):
    (tree / "model").chmod(0o755)
    (tree / "model" / "weights.txt").unlink()


def put_a_folder_in_its_place(tree):
    remove_a_file(tree)
    (tree / "model" / "weights.txt").mkdir()
    (tree / "model" / "weights.txt" / "x").touch()


def put_a_link_in_its_place(tree):
    remove_a_file(tree)
    (tree / "model" / "weights.txt").symlink_to("/etc/hostname")


@pytest.mark.parametrize("change", [change_content, remove_a_file, put_a_folder_in_its_place, put_a_link_in_its_place])
def test_what_a_task_changed_in_the_shared_tree_is_restored_for_the_next(deployed, change):
    sheaf = deployed
    change(sheaf.tree)
    run, log = run_once(sheaf, sheaf.jobs["j"])
    assert (run["state"], log) == ("SUCCESS", WEIGHTS)
    (warning,) = sheaf.task(run, "t")["warnings"]
    assert "restored: model/weights.txt" in warning
    run, _ = run_once(sheaf, sheaf.jobs["j"])
    assert sheaf.task(run, "t")["warnings"] == []


def test_a_tree_that_a_task_locked_opens_for_the_next(deployed):
    sheaf = deployed
    change_nothing_but_lock(sheaf.tree)
    run, log = run_once(sheaf, sheaf.jobs["j"])
    assert (run["state"], log) == ("SUCCESS", WEIGHTS)
    assert stat.S_IMODE(sheaf.tree.stat().st_mode) == 0o555


def test_what_the_author_sets_comes_before_what_the_machine_has(make_sheaf):
    sheaf = make_sheaf(env={"TZ": "Asia/Tokyo", "LANG": "C.UTF-8"}).start()
    show = command_task("t", "/usr/bin/python3", "-c", "import os, json; print(json.dumps(dict(os.environ)))")
    show["command_task"]["env"] = {"TZ": "America/Lima", "DATABRICKS_HOST": "https://elsewhere.example", "SHEAF_TASK_KEY": "forged"}
    jobs = sheaf.deploy(j={"name": "j", "tasks": [show]})
    _, log = run_once(sheaf, jobs["j"])
    seen = json.loads(log)
    assert seen["TZ"] == "America/Lima" and seen["LANG"] == "C.UTF-8"
    assert seen["DATABRICKS_HOST"] == "https://elsewhere.example"
    assert seen["SHEAF_TASK_KEY"] == "t"


def test_no_variable_stands_twice(make_sheaf):
    sheaf = make_sheaf(env={"TZ": "Asia/Tokyo"}).start()
    show = command_task("t", "/usr/bin/cat", "/proc/self/environ")
    show["command_task"]["env"] = {"TZ": "America/Lima", "PATH": "/usr/bin"}
    jobs = sheaf.deploy(j={"name": "j", "tasks": [show]})
    _, log = run_once(sheaf, jobs["j"])
    names = [entry.split(b"=", 1)[0] for entry in log.split(b"\0") if entry]
    assert len(names) == len(set(names)), sorted(names)
