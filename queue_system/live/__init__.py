"""Realtime: a commit wakes the waiters, and each of them reads the database."""
