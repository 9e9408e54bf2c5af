"""The surfaces of the house, by who stands before them. None knows another: each stands on `web` alone."""
