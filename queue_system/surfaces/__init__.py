"""The surfaces, one folder for each kind of user. None imports another; each uses `web` and what `web` may use."""
