"""Decisions, pure: no clock, no database, no settings."""
