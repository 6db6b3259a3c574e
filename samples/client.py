"""Submits a multiplication and follows it to its end. Needs Python 3 only: python3 samples/client.py [URL] [KEY]"""

import json
import sys
import urllib.error
import urllib.request
import uuid

api = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:7071"
key = {"x-functions-key": sys.argv[2]} if len(sys.argv) > 2 else {}


def send(path, body=None, headers=None):
    """The answer's status, headers and JSON; 4xx and 5xx raise, with what the API says is wrong."""
    request = urllib.request.Request(
        api + path, data=None if body is None else json.dumps(body).encode(), headers={**key, **(headers or {})}
    )
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 304:
            return 304, error.headers, None
        raise RuntimeError(json.load(error)["detail"]) from error


# With a key of its own the request can be repeated after a broken connection: the task runs once.
_, headers, _ = send("/multiply", {"x": 2.3, "y": 2.0}, {"Idempotency-Key": str(uuid.uuid4())})
monitor = headers["Operation-Location"]

etag, task = '"none"', {"status": "Pending"}
while task["status"] not in ("Succeeded", "Failed", "Canceled"):
    # Answered as soon as anything has changed.
    status, headers, changed = send(monitor, headers={"Prefer": "wait=30", "If-None-Match": etag})
    if status == 200:
        etag, task = headers["ETag"], changed
        print(task["status"], task["progress"])

print(task["result"] if task["status"] == "Succeeded" else task["error"]["detail"])
