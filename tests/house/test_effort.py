"""A test may use ten seconds of processor time unless it is marked; here the limit is a tenth of a second."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit import processes
from tests.kit.tree import ROOT

pytestmark = pytest.mark.process

LOWER = """
from tests.kit import effort
from tests.kit.effort import *
effort.LIMIT_SECONDS = 0.1
effort.SLOWNESS = 1.0
"""
TESTS = """
import subprocess, sys, time
import pytest

BURN = "import time\\nwhile time.process_time() < 0.4: pass"

def test_works():
    end = time.process_time() + 0.4
    while time.process_time() < end:
        pass

def test_lets_another_work():
    subprocess.run([sys.executable, "-c", BURN], check=True)

def test_lets_another_work_that_lives_on():
    other = subprocess.Popen([sys.executable, "-c", BURN + "\\nprint('done', flush=True)\\ninput()"], stdin=-1, stdout=-1)
    other.stdout.readline()

@pytest.mark.slow
def test_says_so():
    test_works()

def test_waits():
    time.sleep(0.4)

def test_is_wrong():
    test_works()
    assert "what is wrong" == "is told"
"""


def test_a_test_that_is_much_work_has_to_say_so(tmp_path: Path) -> None:
    (tmp_path / "lower.py").write_text(LOWER, encoding="utf-8")
    (tmp_path / "test_work.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow: more than that\n", encoding="utf-8")
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--tb=no",
            "-p",
            "lower",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:schemathesis",
        ],
        cwd=tmp_path,
        # In CI pytest writes a reason in full, elsewhere only up to the width of the line.
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 failed, 2 passed" in result.stdout, result.stdout
    assert result.stdout.count("seconds of processor time and is not marked `slow`") == 3
    for name in ("test_works", "test_lets_another_work", "test_lets_another_work_that_lives_on"):
        assert f"FAILED test_work.py::{name} - Failed" in result.stdout
    assert "FAILED test_work.py::test_is_wrong - AssertionError" in result.stdout


def test_a_process_that_has_just_ended_is_no_fault() -> None:
    """Between the look at who there is and the look at each of them, anybody may end."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    assert list(processes.children_of(ended.pid)) == []
    assert processes._used(ended.pid) == 0.0
