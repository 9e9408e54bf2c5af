"""Realtime: a commit wakes, everybody reads the truth."""
