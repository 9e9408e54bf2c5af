"""`queue-system waits replay`: forecasts for recorded lines."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from tests.kit.command_line import Run

HEADER = "at,office,queue,letter,counters_open,waiting,number_served,service_minutes_published\n"


def good(run: Run, *arguments: str) -> str:
    ran = run(*arguments)
    assert ran.code == 0, ran.err
    return ran.out


def bad(run: Run, *arguments: str) -> str:
    ran = run(*arguments)
    assert ran.code == 1
    return ran.err


def looks(day: int, minutes_each: int = 10) -> str:
    """A day of a line, as the offices publish it: six people wait, and one is called every so many minutes."""
    return "".join(
        f"2026-03-0{day} {9 + minute // 60:02}:{minute % 60:02},Wola,190,A,2,6,{1 + minute // minutes_each},15\n"
        for minute in range(0, 420, 5)
    )


def forecasts(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_every_row_with_somebody_waiting_gets_a_forecast(run: Run, tmp_path: Path) -> None:
    source, out = tmp_path / "days.csv.gz", tmp_path / "forecasts.csv"
    nobody = "2026-03-02 08:00,Wola,190,A,0,0,,0\n2026-03-02 08:05,Wola,190,A,0,3,,0\n"
    source.write_bytes(gzip.compress((HEADER + nobody + looks(2)).encode()))
    assert "84 forecasts from 86 looks" in good(run, "waits", "replay", str(source), "--out", str(out))
    rows = forecasts(out)
    assert list(rows[0]) == ["at", "office", "queue", "p50", "upper90"]
    assert (rows[0]["at"], rows[0]["office"], rows[0]["queue"]) == ("2026-03-02 09:00", "Wola", "190")
    assert all(0 <= float(row["p50"]) <= float(row["upper90"]) for row in rows)


def test_earlier_days_are_learnt_from_and_not_written(run: Run, tmp_path: Path) -> None:
    earlier, source, out = tmp_path / "before.csv", tmp_path / "days.csv", tmp_path / "forecasts.csv"
    earlier.write_text(HEADER + looks(2, 30) + looks(3, 30) + looks(4, 30))
    source.write_text(HEADER + looks(5, 30))
    good(run, "waits", "replay", str(source), "--out", str(out))
    unlearnt = float(forecasts(out)[0]["p50"])
    good(run, "waits", "replay", str(source), "--warmup", str(earlier), "--out", str(out))
    rows = forecasts(out)
    assert {row["at"][:10] for row in rows} == {"2026-03-05"}
    # Six people, half an hour each.
    assert abs(float(rows[0]["p50"]) - 180) < abs(unlearnt - 180)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at,office\n", "has no column queue, waiting, number_served"),
        (HEADER + "yesterday,Wola,190,A,2,6,1,15\n", "line 2"),
        (HEADER + looks(2) + "2026-03-02 16:00,Wola,190,A,2,-6,1,15\n", "line 86"),
        (HEADER + "2026-03-02 16:00,Wola\n", "line 2"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(run: Run, tmp_path: Path, text: str, said: str) -> None:
    source, out = tmp_path / "days.csv", tmp_path / "forecasts.csv"
    source.write_text(text)
    assert said in bad(run, "waits", "replay", str(source), "--out", str(out))
    assert not out.exists()


def test_a_file_that_is_not_there_or_is_damaged_is_named(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "forecasts.csv"
    assert "cannot read" in bad(run, "waits", "replay", str(tmp_path / "none.csv"), "--out", str(out))
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress((HEADER + looks(2)).encode())[:-20])
    assert "cannot read" in bad(run, "waits", "replay", str(cut), "--out", str(out))
    whole = tmp_path / "days.csv"
    whole.write_text(HEADER + looks(2))
    assert "cannot write" in bad(run, "waits", "replay", str(whole), "--out", str(tmp_path / "no" / "such.csv"))


def test_what_was_recorded_is_not_written_over(run: Run, tmp_path: Path) -> None:
    source, earlier = tmp_path / "days.csv", tmp_path / "before.csv"
    for file in (source, earlier):
        file.write_text(HEADER + looks(2))
        told = bad(run, "waits", "replay", str(source), "--warmup", str(earlier), "--out", str(file))
        assert "would replace what was recorded" in told
        assert file.read_text() == HEADER + looks(2)
    assert sorted(tmp_path.iterdir()) == [earlier, source]
