"""Persistence: tables, the engine, the log, reads."""
