"""Trains a model and predicts with it: makes a table, uploads it, follows the log, downloads the model and its picture.

Needs the app with samples/Train, and Python 3 only: python3 samples/train.py [URL] [KEY]"""

import json
import random
import sys
import urllib.error
import urllib.request
import uuid

api = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:7071"
key = {"x-functions-key": sys.argv[2]} if len(sys.argv) > 2 else {}


def send(path, body=None, **headers):
    """The answer's headers and bytes; 4xx and 5xx raise, with what the API says is wrong."""
    request = urllib.request.Request(
        api + path, data=body, headers={**key, **{name.replace("_", "-"): value for name, value in headers.items()}}
    )
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        raise RuntimeError(json.load(error)["detail"]) from error


def submit(path, table):
    """The path of the new task. With a key of its own the request can be repeated after a broken connection: the task runs once."""
    headers, _ = send(path, table.encode(), Content_Type="text/csv", Idempotency_Key=str(uuid.uuid4()))
    return headers["Operation-Location"]


def result(task):
    """The result of a task that has ended."""
    task = json.loads(send(task, Prefer="wait=50")[1])
    if task["status"] != "Succeeded":
        raise RuntimeError(task["error"]["detail"])
    return json.loads(send(task["links"]["result"])[1])["result"], task.get("files", [])


# Homes whose prices follow from their area, rooms and district, but for some chance.
districts = {"north": 0, "south": 40, "east": 80, "west": 20}
homes = ["area,rooms,district,price"]
for _ in range(20_000):
    area, rooms, district = random.uniform(30, 180), random.randint(1, 6), random.choice(list(districts))
    homes.append(f"{area:.1f},{rooms},{district},{3 * area + 25 * rooms + districts[district] + random.gauss(0, 10):.1f}")

training = submit("/train?target=price", "\n".join(homes))
offset, status = "0", "Pending"
while status not in ("Succeeded", "Failed", "Canceled"):
    # Answered as soon as there is more, or the task has ended.
    headers, text = send(f"{training}/log?offset={offset}", Prefer="wait=30")
    offset = headers["Next-Offset"]
    print(text.decode(), end="", flush=True)
    status = json.loads(send(training)[1])["status"]

model, files = result(training)
for file in files:
    with open(file["name"], "wb") as copy:
        copy.write(send(file["path"])[1])
    print(f"{file['name']}: {file['size']:,} bytes")

prediction = submit(f"/predict?model={training.rsplit('/', 1)[1]}", "area,rooms,district\n100,4,east\n50,2,north\n")
print(f"R² {model['rSquared']:.3f}, predictions {result(prediction)[0]['predictions']}")
