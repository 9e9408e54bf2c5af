"""What can be set, declared once: the reader, rows, views and the documentation of profiles come from here.

A declaration says of each field its type, its limits, its default, what it is for, and whether anything acts on it yet.
It reads no file and no database.
"""
