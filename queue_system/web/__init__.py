"""The ground that all surfaces stand on: requests, access, words, templates, limits, errors, static files."""
