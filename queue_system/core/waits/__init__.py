"""How long somebody will wait: the pace of a line, a forecast from it, and the correction that it earns by its errors."""
