"""Slips, from the spool in the database to the paper."""
