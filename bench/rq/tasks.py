"""The task: what an RQ worker runs."""
from app import Result, app, db


def slow_multiply(task_id, x, y):
    with app.app_context():
        db.session.merge(Result(task_id=task_id, result=x * y))
        db.session.commit()
