"""Our own figures beside the limits that the underlying parts have, measured in the same run."""
