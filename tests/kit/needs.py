"""Finds what some tests need beyond Python packages, or gives the reason why it is missing.

`python -m tests.kit.needs` prints {marker: reason} of everything that is missing, for `./dev.py test`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.kit import postgres

# The headless shell is the same browser without windows, and needs a third of the processor time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Below the folder where playwright keeps its browsers.
KEPT = ("chromium_headless_shell-*/chrome-*/*headless*shell", "chromium-*/chrome-linux*/chrome")


def missing() -> dict[str, str]:
    """The markers whose tests cannot run here, each with the reason and what to do."""
    reasons = {"browser": browser_missing(), "postgres": postgres.missing()}
    return {mark: reason for mark, reason in reasons.items() if reason}


def chromium() -> Path | None:
    """The Chromium for browser tests; QUEUE_TEST_CHROMIUM names another one."""
    if named := os.environ.get("QUEUE_TEST_CHROMIUM"):
        return Path(named)
    for name in BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    kept = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    return next((found for pattern in KEPT for found in sorted(kept.glob(pattern), reverse=True)), None)


def browser_missing() -> str | None:
    path = chromium()
    if path is None:
        return (
            "no Chromium was found. Install it (Debian: apt install chromium-headless-shell; "
            "Ubuntu: apt install chromium; Fedora: dnf install chromium) "
            "or name one in QUEUE_TEST_CHROMIUM"
        )
    try:
        result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{path} cannot be started: {error}"
    return None if result.returncode == 0 else f"{path} --version failed: {result.stderr.strip()[-300:]}"


if __name__ == "__main__":
    print(json.dumps(missing()))  # noqa: T201 - read by dev.py
