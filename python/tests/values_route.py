"""The routes that give upstream values and take executed notebooks, on a real socket."""

import json
from http.server import BaseHTTPRequestHandler

RUN_ID = "4711"
ATTEMPT_ID = "4712"
TOKEN = "token-of-this-attempt"


class ValuesRoute(BaseHTTPRequestHandler):
    """Answers as the scheduler's routes do; `server.failures` makes the first answers 503."""

    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("Authorization")))
        self._send(*self._answer())

    def do_PUT(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        assert (self.path, self.headers["Authorization"]) == (f"/api/sheaf/v1/attempts/{ATTEMPT_ID}/notebook", f"Bearer {TOKEN}")
        self.server.notebooks.append(json.loads(content))
        self._send(200, {})

    def _send(self, status, body):
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def _answer(self):
        if self.path != f"/api/sheaf/v1/runs/{RUN_ID}/values":
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": self.path}
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error_code": "UNAUTHENTICATED", "message": "no valid token"}
        if self.server.failures > 0:
            self.server.failures -= 1
            return 503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "starting"}
        return 200, {"values": self.server.values}

    def log_message(self, *_arguments):
        pass


def task_environment(scheduler_url, values_path):
    return {
        "SHEAF_RUN_ID": RUN_ID,
        "SHEAF_ATTEMPT_ID": ATTEMPT_ID,
        "SHEAF_JOB_ID": "12",
        "SHEAF_TASK_KEY": "compare",
        "SHEAF_TASK_VALUES": str(values_path),
        "SHEAF_API": scheduler_url,
        "DATABRICKS_HOST": scheduler_url,
        "DATABRICKS_TOKEN": TOKEN,
    }
