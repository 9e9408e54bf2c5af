"""`queue-system`, also `python -m queue_system`: it runs the commands of `commands.py`."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line; exit codes as of `commands.main`."""
    # The garbage collector would find nothing among the modules and take a seventh of the start. The commands turn it on
    # again when they begin to work, and `ops.serving` when it serves.
    gc.disable()
    try:
        from . import commands

        commands.main()
    finally:
        gc.enable()


if __name__ == "__main__":
    main()
