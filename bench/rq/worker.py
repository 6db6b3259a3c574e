"""An RQ worker that has imported the task before it forks, as RQ's documentation advises for speed.

Without this, every task's process imports Flask and SQLAlchemy anew and takes 0.2 s.
https://python-rq.org/docs/workers/#performance-notes
"""
import rq

import tasks  # noqa: F401
from app import connection

rq.Worker(["default"], connection=connection).work()
