"""Receivers of alerts for tests, real servers: HTTP with answers that a test chooses, SMTP, and one that is mute."""

import email
import email.policy
import http.server
import socket
import socketserver
import threading


class WebhookReceiver:
    """Keeps every request; answers with `status`. While closed, connections are refused."""

    def __init__(self):
        self.requests, self.status, self.headers, self._server = [], 200, {}, None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/alerts"

    def open(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append((receiver.status, self.path, headers, body))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def close(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answered(self, status):
        return [request for request in list(self.requests) if request[0] == status]


class MailReceiver:
    """As much of RFC 5321 as a client needs: keeps (sender, recipients, message); answers logins with `login_answer`."""

    def __init__(self):
        self.mails, self.login_answer, self.address_answer, receiver = [], b"235 OK", b"250 OK", self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                receiver.serve(self.rfile, self.wfile)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, lines, answers):
        sender, recipients = "", []
        answers.write(b"220 test.invalid ESMTP\r\n")
        for line in lines:
            verb = line.split(b" ")[0].strip().upper()
            answer = b"250 OK\r\n"
            if verb == b"EHLO":
                answer = b"250-test.invalid\r\n250 AUTH PLAIN\r\n"
            elif verb == b"AUTH":
                answers.write(b"334 \r\n")
                next(lines)
                answer = self.login_answer + b"\r\n"
            elif line.upper().startswith(b"MAIL FROM:"):
                sender, recipients = line[10:].split(b">")[0].strip(b"< ").decode(), []
            elif line.upper().startswith(b"RCPT TO:"):
                recipients.append(line[8:].split(b">")[0].strip(b"< ").decode())
                answer = self.address_answer + b"\r\n"
            elif verb == b"DATA":
                answers.write(b"354 go on\r\n")
                self.mails.append((sender, recipients, self.read_message(lines)))
            elif verb == b"QUIT":
                answers.write(b"221 bye\r\n")
                return
            answers.write(answer)

    @staticmethod
    def read_message(lines):
        text = b""
        for line in lines:
            if line == b".\r\n":
                break
            text += line[1:] if line.startswith(b".") else line
        return email.message_from_bytes(text, policy=email.policy.default)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class MuteReceiver:
    """Takes connections and never answers."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._taken = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        while True:
            try:
                self._taken.append(self._listener.accept()[0])
            except OSError:
                return

    @property
    def count(self):
        return len(self._taken)

    def close(self):
        self._listener.close()
        for connection in self._taken:
            connection.close()
