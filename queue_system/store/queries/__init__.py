"""Queries: read-only functions that return frozen dataclasses."""
