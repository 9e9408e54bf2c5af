"""Slips, from the queue of the database to the paper."""
