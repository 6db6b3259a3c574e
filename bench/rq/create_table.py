"""Creates the results table; run once before the servers start."""
from app import app, db

with app.app_context():
    db.create_all()
