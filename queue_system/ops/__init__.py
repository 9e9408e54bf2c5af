"""Running an installation: the server, the doctor, background work, metrics for Prometheus."""
