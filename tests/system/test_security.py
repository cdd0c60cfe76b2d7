"""Who may do what: tokens, worker keys and data folders."""

import base64
import hashlib
import json
import os
import pathlib
import re
import select
import socket
import urllib.parse

import pytest

from sheaf_daemons import BIN, Daemon, Sheaf, command_task, shell_task, wait_for

ROOT = pathlib.Path(__file__).parents[2]
OPEN = {("GET", "/healthz"), ("GET", "/.well-known/databricks-config"), ("GET", "/api/sheaf/v1/hello")}
HOOK = ("POST", "/api/sheaf/v1/hooks/{job_id}/{hook}")


def documented_routes():
    """(method, pattern) of every route that docs/api.md names."""
    text = (ROOT / "docs" / "api.md").read_text()
    routes = set()
    for method, path in re.findall(r"`(GET|PUT|POST|DELETE|PATCH) ([/…][^\s`?]*)", text):
        routes.add((method, path.replace("…", "/api/2.2")))
    return routes | {(method, path.replace("/api/2.2/", "/api/2.1/")) for method, path in routes}


def served_paths():
    """Every pattern that the scheduler's sources add."""
    paths = set()
    for source in (ROOT / "scheduler" / "http").glob("routes_*.cc"):
        text = source.read_text()
        paths |= set(re.findall(r'\.pattern = "([^"]+)"', text))
        paths |= set(re.findall(r'router\.add\(\s*"[A-Z]+",\s*"([^"]+)"', text))
        for path in re.findall(r'\.pattern = version \+ "([^"]+)"', text):
            paths |= {"/api/2.1" + path, "/api/2.2" + path}
    return {path.replace("{stream}", "{stdout|stderr}") for path in paths}


ROUTES = sorted(documented_routes() - OPEN - {HOOK})


def concrete(pattern):
    pattern = pattern.replace("{sha256}", "0" * 64).replace("{stdout|stderr}", "stdout")
    return re.sub(r"\{[^}]+\}", "1", pattern)


def is_error(answer):
    return set(answer) == {"error_code", "message"}


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A Sheaf with files and two runs of one job: one over, the other going on while its token is tried."""
    instance = Sheaf(tmp_path_factory.mktemp("busy")).start()
    gate = instance.folder / "gate"
    script = (f'printf %s "$DATABRICKS_TOKEN" > {instance.folder}/token.$SHEAF_RUN_ID.new; '
              f'mv {instance.folder}/token.$SHEAF_RUN_ID.new {instance.folder}/token.$SHEAF_RUN_ID; '
              f'while test -e {gate}; do sleep 0.1; done')
    instance.job_id = instance.deploy(files={"a.txt": b"a secret file"}, j={
        "name": "j", "tasks": [shell_task("t", script)],
        "sheaf": {"hooks": [{"name": "h", "secret": "stored"}]}})["j"]
    instance.earlier = instance.run_now(instance.job_id)
    assert instance.wait_run(instance.earlier)["state"] == "SUCCESS"
    gate.touch()
    instance.later = instance.run_now(instance.job_id)
    file = instance.folder / f"token.{instance.later}"
    wait_for(file.exists, "the task tells its token")
    instance.token_of_task = file.read_text()
    instance.token_of_ended_task = (instance.folder / f"token.{instance.earlier}").read_text()
    yield instance
    instance.stop()


# ---- Tokens
def test_the_routes_that_are_served_are_those_that_are_documented():
    assert served_paths() == {path for _, path in documented_routes()}
    assert len(ROUTES) > 25


@pytest.mark.daemons
@pytest.mark.parametrize("method,pattern", ROUTES, ids=lambda value: value)
def test_no_route_without_the_token(busy, method, pattern):
    token = busy.token
    wrong = [None, "", "Bearer", "Bearer ", f"Bearer {token}x", f"Bearer {token[:-1]}", f"Bearer  {token}",
             f"Bearer {token} {token}", f"Basic {base64.b64encode(f'token:{token}'.encode()).decode()}", token,
             f"Bearer {token.swapcase()}", "Bearer sheaf-attempt.1.9999999999." + "0" * 64,
             f"Bearer {busy.token_of_task}x", f"Bearer {busy.token_of_task[:-64]}{'0' * 64}"]
    for authorization in wrong:
        headers = {} if authorization is None else {"Authorization": authorization}
        body = {} if method in ("POST", "PUT") else None
        status, _, answer = busy.request(method, concrete(pattern), body, headers, token=False)
        assert (status, answer["error_code"]) == (401, "UNAUTHENTICATED"), authorization
        assert is_error(answer)


@pytest.mark.daemons
@pytest.mark.parametrize("method,pattern", sorted(OPEN))
def test_open_routes_need_no_token(busy, method, pattern):
    status, _, answer = busy.request(method, pattern, token=False)
    assert status == 200
    assert busy.token not in json.dumps(answer)


@pytest.mark.daemons
def test_a_token_counts_in_its_header_alone(busy):
    for path in (f"/api/sheaf/v1/runs?access_token={busy.token}", f"/api/sheaf/v1/runs?token={busy.token}"):
        assert busy.request("GET", path, token=False)[0] == 401
    for name in ("Cookie", "X-Authorization", "Proxy-Authorization"):
        assert busy.request("GET", "/api/sheaf/v1/runs", headers={name: f"Bearer {busy.token}"}, token=False)[0] == 401


TRICKS = ["/api/sheaf/v1/runs/", "//api/sheaf/v1/runs", "/api//sheaf/v1/runs", "/API/sheaf/v1/runs",
          "/api/sheaf/v1/RUNS", "/api/sheaf/v1/%72uns", "/api/sheaf/v1/./runs", "/api/sheaf/v1/%2e/runs",
          "/api/sheaf/v1/hello/../runs", "/api/sheaf/v1/hello/%2e%2e/runs", "/api/sheaf/v1/hello%2f..%2fruns",
          "/healthz/../api/sheaf/v1/runs", "/healthz/%2e%2e/api/sheaf/v1/runs", "/healthz;/api/sheaf/v1/runs",
          "/api/sheaf/v1/runs;a=b", "/api/sheaf/v1/runs%00", "/api/sheaf/v1/runs%20", "/api/sheaf/v1/runs%3Fa",
          "/api/sheaf/v1\\runs", "/.well-known/../api/sheaf/v1/runs", "/healthz/", "/api/2.2/jobs/list/",
          "/api/2.2/jobs/%6cist", "/api/2.2/JOBS/list", "/api/2.0/../2.2/jobs/list",
          "/api/sheaf/v1/blobs/../../../data/token", "/api/sheaf/v1/blobs/..%2f..%2ftoken",
          "/api/sheaf/v1/deployments/b/..", "/api/sheaf/v1/deployments/%2e%2e/%2e%2e", "/token", "/", "/oidc"]


@pytest.mark.daemons
@pytest.mark.parametrize("path", TRICKS)
def test_path_tricks_give_no_data(busy, path):
    for token, statuses in ((False, (400, 401)), (True, (400, 404))):
        status, _, answer = busy.request("GET", path, token=token)
        assert status in statuses, answer
        assert is_error(answer)
        assert busy.token not in json.dumps(answer)


ATTEMPT_ROUTES = {"/api/sheaf/v1/blobs/{sha256}", "/api/2.2/jobs/runs/get", "/api/2.1/jobs/runs/get",
                  "/api/sheaf/v1/runs/{run}/values"}


@pytest.mark.daemons
@pytest.mark.parametrize("method,pattern", [route for route in ROUTES
                                            if route[0] != "GET" or route[1] not in ATTEMPT_ROUTES],
                         ids=lambda value: value)
def test_a_tasks_token_does_nothing_of_the_users(busy, method, pattern):
    before = busy.get("/api/sheaf/v1/runs")
    status, _, answer = busy.request(method, concrete(pattern), {} if method in ("POST", "PUT") else None,
                                     {"Authorization": f"Bearer {busy.token_of_task}"}, token=False)
    assert (status, answer["error_code"]) == (403, "PERMISSION_DENIED")
    assert is_error(answer)
    assert busy.get("/api/sheaf/v1/runs") == before


@pytest.mark.daemons
def test_a_tasks_token_reads_its_own_run_and_files_alone(busy):
    def status_of(path, token=busy.token_of_task):
        headers = {"Authorization": f"Bearer {token}"}
        return busy.request("GET", path, headers=headers, token=False, raw=True)[0]

    own, other = busy.later, busy.earlier
    assert status_of(f"/api/sheaf/v1/runs/{own}/values") == 200
    assert status_of(f"/api/2.2/jobs/runs/get?run_id={own}") == 200
    file, strange = hashlib.sha256(b"a secret file").hexdigest(), hashlib.sha256(b"of nobody").hexdigest()
    busy.put_blob(strange, b"of nobody")
    assert status_of(f"/api/sheaf/v1/blobs/{file}") == 200
    assert status_of(f"/api/sheaf/v1/runs/{other}/values") in (403, 404)
    assert status_of(f"/api/2.2/jobs/runs/get?run_id={other}") in (403, 404)
    assert status_of(f"/api/sheaf/v1/blobs/{strange}") in (403, 404)
    # A token ends with its run.
    for path in (f"/api/sheaf/v1/runs/{other}/values", f"/api/sheaf/v1/blobs/{file}"):
        assert status_of(path, busy.token_of_ended_task) in (401, 403), path


@pytest.mark.daemons
def test_secrets_are_their_owners_alone_and_last(busy):
    token = busy.data / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert busy.data.stat().st_mode & 0o777 == 0o700
    for file in ("auth.json", "attempt-token.key", "secrets.key", "keys/scheduler.key"):
        if (busy.data / file).exists():
            assert (busy.data / file).stat().st_mode & 0o077 == 0, file
    assert busy.token not in (busy.data / "auth.json").read_text()
    assert busy.token not in (busy.folder / "scheduler.log").read_text()
    before = busy.token
    busy.scheduler.kill()
    busy.scheduler.start()
    assert busy.token == before
    assert busy.get("/api/sheaf/v1/runs")["runs"]


# ---- Workers and data folders
def stranger(sheaf, server_key=None, name="stranger"):
    """A worker whose key nobody has enrolled."""
    addresses = json.loads((sheaf.data / "workers.json").read_text())
    return Daemon(name, [BIN / "sheaf-worker", "--data", sheaf.folder / name, "--control", addresses["control"],
                         "--logs", addresses["log"], "--server-key", server_key or sheaf.data / "keys/scheduler.pub",
                         "--name", name, "--slots", "1"], sheaf.folder / f"{name}.log")


def worker_names(sheaf):
    return [worker["name"] for worker in sheaf.get("/api/sheaf/v1/workers")["workers"]]


@pytest.mark.daemons
def test_a_worker_with_a_foreign_key_is_refused(sheaf):
    worker = stranger(sheaf)
    worker.start(wait=False)
    try:
        line = wait_for(lambda: re.search(r"a worker from (\S+) with the unknown key (\S+) was refused",
                                          sheaf.scheduler.log_end()), "the scheduler's log tells of the refusal")
        assert "127.0.0.1" in line[1]
        assert line[2] in (sheaf.folder / "stranger/keys/worker.pub").read_text()
        # The scheduler goes on, with its own worker.
        job_id = sheaf.deploy(j={"name": "j", "tasks": [command_task("t", "true")]})["j"]
        runs = [sheaf.run_now(job_id) for _ in range(4)]
        assert {sheaf.wait_run(run)["state"] for run in runs} == {"SUCCESS"}
        assert worker_names(sheaf) == ["local"]
        assert not select.select([worker._ready_end], [], [], 0)[0], "it says that it is registered"
        wait_for(lambda: "public key is not in its folder workers/" in worker.log_end(), "the worker's log tells why")
    finally:
        worker.stop()
    # Enrolled, the same worker is taken.
    (sheaf.data / "workers" / "stranger.pub").write_bytes((sheaf.folder / "stranger/keys/worker.pub").read_bytes())
    worker.start()
    try:
        assert sorted(worker_names(sheaf)) == ["local", "stranger"]
    finally:
        worker.stop()


@pytest.mark.daemons
def test_a_worker_does_not_trust_a_scheduler_with_another_key(sheaf, make_sheaf):
    other = make_sheaf()
    other.scheduler.start()
    worker = stranger(sheaf, other.data / "keys/scheduler.pub")
    worker.start(wait=False)
    try:
        pub = wait_for(lambda: (sheaf.folder / "stranger/keys/worker.pub").exists() and
                       (sheaf.folder / "stranger/keys/worker.pub").read_bytes(), "the worker made its key")
        (sheaf.data / "workers" / "stranger.pub").write_bytes(pub)
        job_id = sheaf.deploy(j={"name": "j", "tasks": [command_task("t", "true")]})["j"]
        assert sheaf.wait_run(sheaf.run_now(job_id))["state"] == "SUCCESS"
        assert worker_names(sheaf) == ["local"]
        assert not select.select([worker._ready_end], [], [], 0)[0]
    finally:
        worker.stop()


@pytest.mark.daemons
def test_a_second_scheduler_on_the_same_data_is_refused(sheaf):
    addresses = (sheaf.data / "workers.json").read_bytes()
    second = Daemon("second", sheaf.scheduler.argv, sheaf.folder / "second.log")
    assert second.start() is None
    assert second.wait() == 1
    assert f"is open in process {sheaf.scheduler.process.pid}" in second.log_end()
    assert (sheaf.data / "workers.json").read_bytes() == addresses
    job_id = sheaf.deploy(j={"name": "j", "tasks": [command_task("t", "true")]})["j"]
    assert sheaf.wait_run(sheaf.run_now(job_id))["state"] == "SUCCESS"


def contents(folder):
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*")
            if file.is_file() and file.name != "lock"}


@pytest.mark.daemons
@pytest.mark.parametrize("change,text", [
    (lambda format: re.sub(rb"\d+", b"999", format, count=1), "the store has format 999"),
    (lambda format: b"another program's file\n", "format"),
    (lambda format: b"", "format"),
], ids=["newer", "foreign", "empty"])
def test_a_store_that_this_program_did_not_write_is_refused_unchanged(make_sheaf, change, text):
    sheaf = make_sheaf()
    sheaf.scheduler.start()
    sheaf.scheduler.stop()
    file = sheaf.data / "store" / "format"
    original = file.read_bytes()
    file.write_bytes(change(original))
    assert file.read_bytes() != original
    before = contents(sheaf.data)
    assert sheaf.scheduler.start() is None
    assert sheaf.scheduler.wait() == 1
    assert text in sheaf.scheduler.log_end()
    assert contents(sheaf.data) == before
    file.write_bytes(original)
    assert sheaf.scheduler.start()


@pytest.mark.daemons
def test_a_folder_with_other_files_is_refused_unchanged(make_sheaf):
    sheaf = make_sheaf()
    (sheaf.data / "store").mkdir(parents=True)
    (sheaf.data / "store" / "thesis.txt").write_text("precious")
    assert sheaf.scheduler.start() is None
    assert sheaf.scheduler.wait() == 1
    assert "thesis.txt" in sheaf.scheduler.log_end()
    assert contents(sheaf.data / "store") == {pathlib.Path("thesis.txt"): b"precious"}


def test_a_client_that_comes_while_the_scheduler_starts_is_answered_once_it_has(make_sheaf):
    """Its port is open before the port of the workers is, which this answer needs."""
    sheaf = make_sheaf().start()
    address = urllib.parse.urlsplit(sheaf.url)
    sheaf.scheduler.kill()
    # Reading its own public key, the scheduler now waits for the test.
    key = sheaf.data / "keys" / "scheduler.pub"
    text = key.read_text()
    key.unlink()
    os.mkfifo(key)
    sheaf.scheduler.start(wait=False)

    def connect():
        try:
            return socket.create_connection((address.hostname, address.port), timeout=60)
        except ConnectionRefusedError:
            return None

    with wait_for(connect, "the scheduler listens") as client:
        client.sendall(f"GET /api/sheaf/v1/workers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                       f"Authorization: Bearer {sheaf.token}\r\n\r\n".encode())
        assert not select.select([client], [], [], 1)[0], "neither answered nor closed"
        key.write_text(text)
        assert client.makefile("rb").readline().split()[1:2] == [b"200"]
    assert sheaf.scheduler.wait_ready() is not None
