"""The task: what an RQ worker runs."""
import os
import time

from app import Result, app, db


def slow_multiply(task_id, x, y):
    time.sleep(float(os.environ["TASK_SECONDS"]))
    with app.app_context():
        db.session.merge(Result(task_id=task_id, result=x * y))
        db.session.commit()
