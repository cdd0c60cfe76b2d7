"""What task code asks the scheduler, and what a notebook hands to it.

The scheduler may be restarting while a task runs; that must not fail the task. So a refused or
broken connection and a 5xx answer are asked again with growing pauses, up to a total time;
a 4xx answer is final. No proxy of the environment is used and no redirect is followed: the
attempt's token goes to the scheduler and nowhere else.
"""

import time

TOTAL_WAIT_SECONDS = 120.0
REQUEST_TIMEOUT_SECONDS = 20.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
MAX_REPLY_BYTES = 16 * 1024 * 1024


class SchedulerError(RuntimeError):
    """The scheduler could not be asked, or refused to answer."""


class _Unavailable(Exception):
    """Worth asking again."""


def fetch_values(context, total_wait_seconds=TOTAL_WAIT_SECONDS):
    """Returns ``{task key: {key: value}}`` of the tasks of this run that have succeeded."""
    return _patiently(context, total_wait_seconds, lambda: _fetch_once(context))


def put_notebook(context, document, total_wait_seconds=TOTAL_WAIT_SECONDS):
    """Hands over what came of the notebook of this attempt: ``{html, name, result, truncated}``."""
    import json

    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    path = f"/api/sheaf/v1/attempts/{context.attempt_id}/notebook"

    def put_once():
        status, answer = _ask(context, "PUT", path, body)
        if status >= 500 or status == 429:
            raise _Unavailable(f"HTTP status {status}")
        if status != 200:
            raise SchedulerError(f"HTTP status {status}: {answer[:500].decode('utf-8', 'replace')}")

    _patiently(context, total_wait_seconds, put_once)


def _patiently(context, total_wait_seconds, ask_once):
    deadline = time.monotonic() + total_wait_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return ask_once()
        except _Unavailable as failure:
            if time.monotonic() + pause > deadline:
                raise SchedulerError(
                    f"the scheduler at {context.api_url} did not answer within "
                    f"{total_wait_seconds:g} s: {failure}"
                ) from failure
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _fetch_once(context):
    status, body = _ask(context, "GET", f"/api/sheaf/v1/runs/{context.run_id}/values")
    if status >= 500 or status == 429:
        raise _Unavailable(f"HTTP status {status}")
    if status != 200:
        text = body[:500].decode("utf-8", "replace")
        raise SchedulerError(
            f"the scheduler at {context.api_url} refused to give the task values of run "
            f"{context.run_id}: HTTP status {status}: {text}"
        )
    return _values_of(body)


def _ask(context, method, path, content=None):
    import http.client

    connection, prefix = _connect(context.api_url)
    try:
        headers = {"Authorization": f"Bearer {context.token}", "Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, prefix + path, body=content, headers=headers)
        response = connection.getresponse()
        body = response.read(MAX_REPLY_BYTES + 1)
    except (OSError, http.client.HTTPException) as failure:
        raise _Unavailable(f"{type(failure).__name__}: {failure}") from failure
    finally:
        connection.close()
    if len(body) > MAX_REPLY_BYTES:
        raise SchedulerError(f"the scheduler's answer is larger than {MAX_REPLY_BYTES} bytes")
    return response.status, body


def _connect(url):
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(url or "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SchedulerError(f"SHEAF_API is not the URL of a scheduler: {url!r}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=REQUEST_TIMEOUT_SECONDS)
    return connection, parts.path.rstrip("/")


def _values_of(body):
    import json

    try:
        values = json.loads(body)["values"]
    except (ValueError, KeyError, TypeError) as failure:
        raise SchedulerError("the scheduler's answer is not an object with `values`") from failure
    if not isinstance(values, dict):
        raise SchedulerError("the scheduler's answer is not an object with `values`")
    return values
