#!/usr/bin/env python3
"""Sends a signed drift alert to the job's hook, as a monitor would.

The body has the shape of an Alertmanager notification; the signature is that of Standard Webhooks
(https://www.standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`. Needs nothing but Python.

Exit status: 0 for an answer of 2xx, 1 for any other, 2 for wrong usage, 3 if nobody answers.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

TIMEOUT_SECONDS = 30


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="address of the hook")
    parser.add_argument(
        "--secret-env",
        required=True,
        metavar="NAME",
        help="environment variable that holds the hook's secret",
    )
    parser.add_argument("--reason", required=True, help="what the run will be told as its reason")
    parser.add_argument("--status", default="firing", choices=["firing", "resolved"])
    parser.add_argument("--delivery-id", help="the webhook-id; the same id is the same alert")
    parser.add_argument(
        "--timestamp-offset", type=int, default=0, metavar="SECONDS", help="date it later or earlier"
    )
    return parser, parser.parse_args()


def key_of(secret):
    """The bytes to sign with: what `whsec_` encodes in base64, or any other secret as it is."""
    prefix = "whsec_"
    if not secret:
        raise ValueError("there is no secret in it")
    if not secret.startswith(prefix):
        return secret.encode()
    try:
        return base64.b64decode(secret[len(prefix) :], validate=True)
    except ValueError as error:
        raise ValueError("what follows whsec_ is not base64") from error


def body_of(status, reason):
    labels = {"alertname": "WineDrift", "reason": reason}
    alert = {"status": status, "labels": labels, "annotations": {}}
    document = {
        "version": "4",
        "groupKey": '{}:{alertname="WineDrift"}',
        "status": status,
        "receiver": "sheaf",
        "groupLabels": {"alertname": "WineDrift"},
        "commonLabels": labels,
        "commonAnnotations": {},
        "alerts": [alert],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def signed_headers(key, delivery_id, timestamp, body):
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def post(url, body, headers):
    """Status and text of the answer."""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode("utf-8", "replace")


def main():
    parser, arguments = read_arguments()
    try:
        key = key_of(os.environ.get(arguments.secret_env, ""))
    except ValueError as error:
        parser.error(f"{arguments.secret_env}: {error}")
    delivery_id = arguments.delivery_id or f"msg_{uuid.uuid4().hex}"
    timestamp = int(time.time()) + arguments.timestamp_offset
    body = body_of(arguments.status, arguments.reason)
    try:
        status, text = post(arguments.url, body, signed_headers(key, delivery_id, timestamp, body))
    except OSError as error:
        print(f"no answer from {arguments.url}: {error}", file=sys.stderr)
        return 3
    print(f"{status} {text.strip()}")
    return 0 if 200 <= status < 300 else 1


if __name__ == "__main__":
    sys.exit(main())
