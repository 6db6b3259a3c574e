"""The same two endpoints on Flask, RQ, Redis and SQLite, the way such a system is usually built."""
import datetime
import os
import uuid

import redis
import rq
from flask import Flask, jsonify, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["RESULTS_DB"]
db = SQLAlchemy(app)
connection = redis.Redis.from_url(os.environ["REDIS_URL"])
queue = rq.Queue(connection=connection)


class Result(db.Model):
    task_id = db.Column(db.String(36), primary_key=True)
    result = db.Column(db.Float, nullable=False)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@app.post("/multiply")
def submit():
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return jsonify(title="The body must be a JSON object."), 400
    x, y = body.get("x"), body.get("y")
    if not (is_number(x) and is_number(y)):
        return jsonify(title="x and y must be numbers."), 400
    task_id = str(uuid.uuid4())
    delay = datetime.timedelta(seconds=request.args.get("delay", 0, type=float))
    if delay:
        queue.enqueue_in(delay, "tasks.slow_multiply", task_id, x, y, job_id=task_id)
    else:
        queue.enqueue("tasks.slow_multiply", task_id, x, y, job_id=task_id)
    return jsonify(task_id=task_id), 202, {"Location": f"/multiply/{task_id}", "Retry-After": "1"}


@app.get("/multiply/<task_id>")
def get(task_id):
    row = db.session.get(Result, task_id)
    if row is not None:
        return jsonify(result=row.result)
    try:
        status = rq.job.Job.fetch(task_id, connection=connection).get_status()
    except rq.exceptions.NoSuchJobError:
        status = "unknown"
    return jsonify(title="Not Found", task_status=status), 404
