"""Sheaf speaks only to Sheaf: which hosts the command line connects to, and what it sends them."""

import http.server
import json
import socket
import stat
import threading

import pytest

from cli_program import Cli, Up, write_bundle
from sheaf_daemons import command_task

pytestmark = pytest.mark.daemons

# Arguments that let each command get as far as it can; commands without an entry are called without any.
ARGUMENTS = {
    "init": ["new"],
    "run": ["hello"],
    "why": ["1"],
    "logs": ["1"],
    "cancel": ["1"],
    "repair": ["1"],
    "delete": ["1"],
    "hooks secret": ["hello", "drift", "--env", "SECRET"],
    "cron": ["0 0 8 LW * ?"],
    "auth": ["login"],
    "destroy": ["--auto-approve"],
}
# Group names that need a subcommand, and what stays in the foreground for ever.
NOT_CALLED = {"up"}


class Recorder:
    """Accepts connections and keeps the requests that came; counts connections that sent nothing too."""

    def __init__(self, hello=None):
        self.connections, self.requests, recorder = 0, [], self

        class Server(http.server.ThreadingHTTPServer):
            def get_request(self):
                recorder.connections += 1
                return super().get_request()

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                recorder.requests.append((self.command, self.path, dict(self.headers)))
                body = json.dumps(hello or {"error_code": "NOT_FOUND"}).encode()
                self.send_response(200 if hello else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_arguments):
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        """Stops; a connection that nobody took yet counts too."""
        if self._server.socket.fileno() < 0:
            return
        self._server.shutdown()
        self._server.socket.setblocking(False)
        while True:
            try:
                self._server.socket.accept()[0].close()
                self.connections += 1
            except BlockingIOError:
                break
        self._server.server_close()


@pytest.fixture
def recorder():
    made = Recorder()
    yield made
    made.close()


@pytest.fixture
def cli(tmp_path):
    made = Cli(tmp_path / "home")
    made.variables["SECRET"] = "whsec_c2VjcmV0"
    return made


def foreign_bundle(folder, url):
    return write_bundle(folder, {"hello": {"name": "hello", "tasks": [command_task("greet", "true")]}},
                        workspace={"host": url}, targets={"dev": {"default": True, "workspace": {"host": url}}})


def call_every_command(cli, folder):
    for path in cli("commands").stdout.splitlines():
        if path not in NOT_CALLED:
            cli(*path.split(), *ARGUMENTS.get(path, []), folder=folder, status=None)


def test_no_command_connects_to_a_host_that_only_settings_name(cli, recorder, tmp_path):
    folder = foreign_bundle(tmp_path / "bundle", recorder.url)
    (cli.home / ".databrickscfg").write_text(
        f"[DEFAULT]\nhost = {recorder.url}\ntoken = t\n[prod]\nhost = {recorder.url}\ntoken = t\n")
    call_every_command(cli, folder)
    for name, value in {"DATABRICKS_HOST": recorder.url, "DATABRICKS_CONFIG_PROFILE": "prod"}.items():
        cli.variables[name] = value
        call_every_command(cli, folder)
    recorder.close()
    assert recorder.connections == 0


def test_with_sheaf_up_all_commands_speak_to_it_alone(cli, recorder, tmp_path):
    folder = foreign_bundle(tmp_path / "bundle", recorder.url)
    (cli.home / ".databrickscfg").write_text(f"[DEFAULT]\nhost = {recorder.url}\ntoken = t\n")
    up = Up(cli)
    try:
        cli("deploy", folder=folder)
        assert "=== greet: SUCCESS" in cli("run", "hello", folder=folder).stdout
        call_every_command(cli, folder)
        cli.variables["DATABRICKS_HOST"] = recorder.url
        call_every_command(cli, folder)
        cli("deploy", folder=folder, status=2)
    finally:
        up.stop()
    assert recorder.connections == 0


def test_the_recorder_would_have_noticed(recorder):
    socket.create_connection(("127.0.0.1", int(recorder.url.rsplit(":", 1)[1]))).close()
    recorder.close()
    assert recorder.connections == 1


@pytest.mark.parametrize("naming", ["variable", "profile", "option"])
def test_a_named_host_that_is_not_enrolled_is_an_error_that_says_how_to_enrol(cli, recorder, naming):
    (cli.home / ".databrickscfg").write_text(f"[prod]\nhost = {recorder.url}\n")
    arguments = ["--profile", "prod"] if naming == "option" else []
    if naming == "variable":
        cli.variables["DATABRICKS_HOST"] = recorder.url
    if naming == "profile":
        cli.variables["DATABRICKS_CONFIG_PROFILE"] = "prod"
    error = cli("runs", *arguments, status=2).stderr
    assert recorder.url in error and "sheaf auth login" in error
    assert recorder.connections == 0


def test_login_asks_a_stranger_once_and_without_a_token(cli, recorder):
    error = cli("auth", "login", recorder.url, stdin="secret-token\n", status=2).stderr
    assert "not a Sheaf scheduler" in error
    assert [(method, path) for method, path, _ in recorder.requests] == [("GET", "/api/sheaf/v1/hello")]
    assert "secret-token" not in str(recorder.requests)
    assert not (cli.home / ".config" / "sheaf" / "endpoints.json").exists()


def test_login_needs_a_url(cli, recorder):
    cli.variables["DATABRICKS_HOST"] = recorder.url
    cli("auth", "login", stdin="t\n", status=2)
    assert recorder.connections == 0


def test_login_enrols_a_scheduler(cli, sheaf):
    assert cli("runs", status=3).stderr.startswith("Error: no scheduler runs")
    enrolled = cli.json("auth", "login", sheaf.url, stdin=sheaf.token + "\n")
    assert enrolled["url"] == sheaf.url
    file = cli.home / ".config" / "sheaf" / "endpoints.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert cli.json("runs") == {"runs": []}
    cli.variables["DATABRICKS_HOST"] = sheaf.url + "/?o=1"
    assert cli.json("runs") == {"runs": []}


def test_login_takes_the_token_from_a_file_and_refuses_a_wrong_one(cli, sheaf, tmp_path):
    (tmp_path / "wrong").write_text("wrong\n")
    cli("auth", "login", sheaf.url, "--token-file", tmp_path / "wrong", status=2)
    assert not (cli.home / ".config" / "sheaf" / "endpoints.json").exists()
    cli("auth", "login", sheaf.url, "--token-file", sheaf.data / "token")
    cli("runs")


def test_the_token_goes_to_no_other_scheduler_at_the_enrolled_address(cli, sheaf):
    impostor = Recorder(hello={"product": "sheaf", "version": "0.1.0", "api": 1, "scheduler_id": "another"})
    try:
        cli("auth", "login", sheaf.url, stdin=sheaf.token)
        file = cli.home / ".config" / "sheaf" / "endpoints.json"
        file.write_text(file.read_text().replace(sheaf.url, impostor.url))
        assert "another" in cli("runs", status=2).stderr
        assert all("Authorization" not in headers for _, _, headers in impostor.requests)
    finally:
        impostor.close()


def test_a_scheduler_that_does_not_answer_is_exit_status_3(cli, sheaf):
    cli("auth", "login", sheaf.url, stdin=sheaf.token)
    sheaf.worker.stop()
    sheaf.scheduler.stop()
    cli("runs", status=3)
