"""Everything that surfaces share: requests, access, words, templates, limits, errors, static files."""
