"""Keys that are composed at run time: every value of the family has its text."""

from __future__ import annotations

import ast
from enum import Enum

import pytest

from printers.driver import Status
from queue_system.actions.second_person import REASONS
from queue_system.core import errors, series
from queue_system.core.apart import AcceptedFor, Reason, Scope
from queue_system.core.approvals import ApprovalState
from queue_system.core.attendance import Attendance, LateReason
from queue_system.core.blocks import BlockReason
from queue_system.core.bookings import BookingState
from queue_system.core.calendars import LAST_IN_MONTH
from queue_system.core.channels import Channel
from queue_system.core.coming import What
from queue_system.core.decision_reasons import FITTING, Because
from queue_system.core.delivery import ERRORS
from queue_system.core.facts import KINDS
from queue_system.core.members import WhyMember
from queue_system.core.messages import MUST_BE_TOLD, Event
from queue_system.core.participants import Role
from queue_system.core.passing import Kind
from queue_system.core.presets import PRESETS
from queue_system.core.printers import STANDING_STILL, TRANSPORTS
from queue_system.core.rights import ATOMIC, GROUPS
from queue_system.core.safe_contact import ContactWay
from queue_system.core.series import Chance
from queue_system.core.tickets import TicketState
from queue_system.core.waits.announce import Longer
from queue_system.i18n.catalogues import REFERENCE, catalogues
from queue_system.i18n.words import OWN_NAMES
from queue_system.settings.objects import OF_BRANCH, OF_ORGANISATION
from queue_system.store.queries.pending import CODES
from queue_system.surfaces import api
from queue_system.surfaces.office.setting_kinds import kinds_of
from queue_system.surfaces.office.what_if_asked import RULES
from queue_system.surfaces.office.what_if_tables import FIGURES
from tests.kit.i18n_usage import modules, name_of

ERROR_CLASSES = frozenset(
    name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.DomainError)
) | {"Fault", "wrong"}
PRINTER_STATES = tuple(status.value for status in Status)
SLIP_STATES = ("queued", "claimed", "printed", "failed", "unknown", "void")


@pytest.mark.parametrize(
    ("family", "states"), [("ticket", TicketState), ("booking", BookingState), ("channel", Channel), ("coming", What)]
)
def test_every_state_has_a_word(family: str, states: type[Enum]) -> None:
    assert members(f"state.{family}.") == {str(state.value) for state in states}


@pytest.mark.parametrize(("family", "states"), [("printer", PRINTER_STATES), ("slip", SLIP_STATES)])
def test_every_state_of_printing_has_a_word(family: str, states: tuple[str, ...]) -> None:
    assert members(f"state.{family}.") == set(states)


def test_every_state_in_which_nothing_prints_has_words_of_what_to_do() -> None:
    assert {status.value for status in Status if not status.prints} == STANDING_STILL
    assert members("state.printer-help.") == STANDING_STILL | {"paper_low"}


def test_every_way_to_reach_a_printer_has_a_word() -> None:
    assert members("state.transport.") == set(TRANSPORTS)


def test_every_language_offered_has_a_name_in_every_language() -> None:
    assert members("language.") == set(OWN_NAMES)


def test_every_error_has_a_sentence() -> None:
    known = members("errors.")
    missing = [f"{where}: errors.{code}" for where, code in raised() if code not in known]
    assert not missing, "raised, but in no ar/*.po:\n" + "\n".join(missing)


def test_every_fact_has_a_sentence() -> None:
    missing = sorted(set(KINDS) - members("audit."))
    assert not missing, "facts without a sentence in ar/audit.po: " + " ".join(f"audit.{kind}" for kind in missing)


def test_every_message_and_every_reason_why_one_fails_has_words() -> None:
    assert members("messages.tell-") == set(Event)
    assert members("messages.subject-") == {*Event, "neutral"}
    assert members("messages.do-") == set(ERRORS)


def test_every_absence_and_every_reason_to_call_has_words() -> None:
    assert members("blocks.reason-") == set(BlockReason)
    assert members("blocks.tell-") == MUST_BE_TOLD


def test_every_right_and_every_group_of_them_has_a_sentence() -> None:
    assert members("right.") == {*ATOMIC, "everything"}
    assert members("rights.group-") == set(GROUPS)
    assert members("rights.preset-") == set(PRESETS)


def test_every_role_of_a_participant_has_words() -> None:
    assert members("appointments.role-") == set(Role)
    assert members("appointments.why-") == set(WhyMember)


def test_every_decision_has_the_words_of_its_reasons() -> None:
    assert members("office.why-decided-") == {"hint", "meeting", *(choice.value for choice in FITTING)}
    assert members("audit.because.") == set(Because)
    assert {one for fitting in FITTING.values() for one in fitting} == set(Because)


def test_every_word_about_people_who_are_kept_apart_has_its_text() -> None:
    assert members("apart.scope.") == set(Scope)
    assert members("apart.reason.") == set(Reason)
    assert members("apart.accepted.") == set(AcceptedFor)


def test_every_answer_about_attendance_has_words() -> None:
    assert members("state.attendance.") == set(Attendance)
    assert members("audit.attendance-reason.") == set(LateReason)


def test_every_way_to_contact_somebody_has_words() -> None:
    assert members("messages.way-") > {way.value for way in ContactWay}


def test_every_word_about_a_series_is_there() -> None:
    assert members("series.chance-") == set(Chance)
    assert members("series.error-") == {
        "open",
        "typed",
        *(one.replace("_", "-") for one in set(Chance) - {Chance.FREE}),
    }
    assert members("series.nth-") == {str(n) for n in range(1, LAST_IN_MONTH + 1)}
    assert members("series.scope-") == set(series.Scope)


def test_every_reason_for_a_longer_wait_has_words() -> None:
    assert members("ticket.longer.") == {str(why) for why in Longer}


def test_every_kind_of_passing_has_words() -> None:
    assert members("passed.kind.") == {str(kind) for kind in Kind}


def test_every_state_of_a_request_has_words() -> None:
    assert members("approvals.state-") == {str(state) for state in ApprovalState}


def test_every_figure_and_rule_of_a_played_day_has_words() -> None:
    assert members("whatif.counter-") == {"added", "closed", "hours"}
    assert members("whatif.figure-") == set(FIGURES)
    assert members("whatif.rule-") == set(RULES)


def test_everything_that_is_not_in_force_says_what_to_do_meanwhile() -> None:
    assert members("office.idle.") == members("office.meanwhile.") == CODES


def test_every_reason_for_a_request_has_words() -> None:
    assert members("approvals.reason-") == set(REASONS)


def test_every_kind_that_the_office_edits_has_words() -> None:
    kinds = [*kinds_of(OF_BRANCH), *kinds_of(OF_ORGANISATION)]
    assert members("office.kind-") == {kind.name for kind in kinds}
    assert members("office.new-") == {kind.name for kind in kinds if kind.adds}
    assert members("office.group-") == {"more", "end", *(heading for kind in kinds for heading, _ in kind.groups)}
    assert members("office.edit-op-") == {"add", "remove", "retire"}


def members(family: str) -> set[str]:
    """The ends of the keys with this beginning, in the reference catalogue."""
    return {key.removeprefix(family) for key in catalogues()[REFERENCE].messages if key.startswith(family)}


def raised() -> list[tuple[str, str]]:
    """(place, code) of every domain error, and fault of a setting, with a constant code."""
    return [
        (f"{name_of(path)}:{node.lineno}", node.args[0].value)
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name | ast.Attribute)
        and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) in ERROR_CLASSES
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]


def test_every_operation_of_the_api_says_what_to_know() -> None:
    assert members("api.about.") == {operation.name for operation in api.operations}
