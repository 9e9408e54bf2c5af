"""Running an installation: serving, examining, work that comes round, numbers for Prometheus."""
