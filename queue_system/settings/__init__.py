"""Everything that can be set, declared once; reader, rows, views and the documentation of profiles follow from it.

A declaration gives each field its type, limits, default and purpose, and says whether anything acts on it yet. It reads
no file and no database.
"""
