"""Figures of our own beside the limits of the parts below, measured in the same run."""
