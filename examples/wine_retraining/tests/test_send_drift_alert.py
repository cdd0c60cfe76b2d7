"""The alert's sender against a receiver that checks it by the letter of Standard Webhooks."""

import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from bundle_run import EXAMPLE

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        sender, dated = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        mac = hmac.new(self.server.key, b".".join([sender.encode(), dated.encode(), body]), hashlib.sha256)
        expected = "v1," + base64.b64encode(mac.digest()).decode()
        fresh = abs(time.time() - int(dated)) <= 300
        genuine = hmac.compare_digest(expected, self.headers["webhook-signature"])
        self.server.received.append((sender, json.loads(body)))
        self.send_response(202 if genuine and fresh else 401)
        self.end_headers()
        self.wfile.write(b'{"run_id":17}' if genuine and fresh else b"refused")

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def receiver():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.received, server.key = [], KEY
    server.url = f"http://127.0.0.1:{server.server_address[1]}/api/sheaf/v1/hooks/drift"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def send(url, *arguments, secret=SECRET):
    command = [sys.executable, EXAMPLE / "tools" / "send_drift_alert.py", "--url", url]
    command += ["--secret-env", "WINE_DRIFT_SECRET", "--reason", "Säure: PSI 0.31", *arguments]
    return subprocess.run(
        command,
        env={"PATH": os.defpath, "WINE_DRIFT_SECRET": secret},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_alert_is_signed_and_carries_the_reason(receiver):
    done = send(receiver.url, "--delivery-id", "msg_1")
    assert (done.returncode, done.stdout) == (0, '202 {"run_id":17}\n')
    ((delivery_id, body),) = receiver.received
    assert delivery_id == "msg_1"
    assert (body["status"], body["commonLabels"]["reason"]) == ("firing", "Säure: PSI 0.31")


def test_each_alert_has_an_id_of_its_own(receiver):
    send(receiver.url)
    send(receiver.url)
    assert len({delivery_id for delivery_id, _ in receiver.received}) == 2


def test_an_old_alert_or_another_secret_is_refused_by_the_receiver(receiver):
    late = send(receiver.url, "--timestamp-offset", "-360")
    forged = send(receiver.url, secret="whsec_" + base64.b64encode(b"another").decode())
    assert [(d.returncode, d.stdout) for d in (late, forged)] == [(1, "401 refused\n")] * 2


def test_a_secret_that_is_plain_text_signs_as_it_is(receiver):
    receiver.key = b"plain text"
    assert send(receiver.url, secret="plain text").returncode == 0


@pytest.mark.parametrize("secret", ["", "whsec_§", "whsec_abc"])
def test_what_is_no_secret_is_wrong_usage(receiver, secret):
    done = send(receiver.url, secret=secret)
    assert done.returncode == 2
    assert "WINE_DRIFT_SECRET" in done.stderr
    assert receiver.received == []


def test_nobody_there_is_said():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = send(f"http://127.0.0.1:{closed.getsockname()[1]}/hook")
    assert done.returncode == 3
    assert "no answer" in done.stderr
