"""Targets in words: what became of each, and why a share above its range is no success."""

from __future__ import annotations

import pytest

from queue_system.core.digests import Tally
from queue_system.core.figures import Grouped, shown
from queue_system.i18n.words import words_for
from queue_system.store.queries.settings import branch_settings
from queue_system.surfaces.office.figure_targets import measured_targets, outcome_of
from tests.kit.hall import Hall


@pytest.mark.parametrize(
    ("held", "outcome"),
    [(90, "figures.met"), (80, "figures.not-met"), (100, "figures.too-careful")],
)
def test_times_that_always_hold_were_longer_than_needed_and_that_is_said(hall: Hall, held: int, outcome: str) -> None:
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    found = shown(Grouped(Tally(), {}, {"told": {"": Tally({"told": 100, "held": held})}}), 5)
    measured = measured_targets(found, branch, words_for("ar"), "ar")
    assert [outcome_of(one) for one in measured if one.words == words_for("ar").text("figures.aim-coverage")] == [
        outcome
    ]


def test_a_percent_sign_stays_after_its_number_inside_a_sentence(hall: Hall) -> None:
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    found = shown(Grouped(Tally(), {}, {"told": {"": Tally({"told": 100, "held": 90})}}), 5)
    aims = [one.aim for one in measured_targets(found, branch, words_for("ar"), "ar")]
    percents = [aim for aim in aims if "٪" in aim]
    assert percents
    assert all(aim.count("\u2067") == aim.count("٪") for aim in percents)
