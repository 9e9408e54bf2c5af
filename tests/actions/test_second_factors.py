"""Codes are used once, second factors are needed where the organisation says so, and a reset removes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import approvals, credentials, four_eyes, roles, sign_in, staff, staff_roles
from queue_system.actions.sign_in import Entered
from queue_system.actions.unfinished import MOST_FAILURES, STEP_LIFETIME
from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused, SignedOut
from queue_system.core.one_time_codes import app_secret, code_at, recovery_codes, step_of
from queue_system.core.tokens import sha256
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import Actor, locked
from queue_system.store.queries.access import account_of
from queue_system.store.queries.credentials import methods_of, step_by_token
from queue_system.store.tables import ORGANISATION, Organisation, Session, table
from tests.kit.crowd import crowd, meet, unlocked
from tests.kit.hall import Hall, change_settings

KEY = b"the key of this installation"
NODES = 4


@dataclass(frozen=True)
class Person:
    """A member of staff with an app and recovery codes."""

    hall: Hall
    clock: FrozenClock
    id: UUID
    secret: bytes
    recovery: tuple[str, ...]

    def code(self) -> str:
        return code_at(self.secret, step_of(self.clock.now()))

    def enter(self) -> Entered:
        return entered(self.hall, "layla")

    def finish(self, token: str, code: str) -> str | None:
        return self.hall.db.write_now(sign_in.finish_with_code, token, code, "web", KEY)


@pytest.fixture
def layla(hall: Hall, clock: FrozenClock) -> Person:
    """Her app was added a minute ago."""
    staff_id = hall.person("layla")
    actor = Actor("staff", str(staff_id))
    token = hall.db.write_now(credentials.begin_app, staff_id)
    step = hall.db.read_now(step_by_token, sha256(token), "app")
    assert step is not None
    secret = app_secret(KEY, step.data["salt"])
    shown = hall.db.write_now(credentials.add_app, token, code_at(secret, step_of(clock.now())), KEY, actor)
    assert shown
    codes = hall.db.read_now(step_by_token, sha256(shown), "recovery")
    assert codes is not None
    clock.move(timedelta(minutes=1))
    return Person(hall, clock, staff_id, secret, recovery_codes(KEY, codes.data["salt"]))


def entered(hall: Hall, login: str) -> Entered:
    account = hall.db.read_now(account_of, login)
    assert account is not None
    return hall.db.write_now(sign_in.enter, account.id, "web", account.password)


def facts(hall: Hall) -> list[tuple[str, str]]:
    entries = hall.db.read_now(log.after, ORGANISATION, 0, 1_000)
    return [(entry.kind, entry.data.get("method", "")) for entry in entries if entry.kind.startswith("staff.")]


def sessions_open(hall: Hall) -> int:
    return int(hall.db.read_now(Tx.scalar, sa.select(sa.func.count()).select_from(table(Session))))


def ask_for_second_factors(hall: Hall, who: str) -> None:
    def change(tx: Tx) -> None:
        data = dict(tx.scalar(sa.select(table(Organisation).c.data)))
        tx.execute(sa.update(table(Organisation)).values(data=data | {"needs_second_factor": who}))

    change_settings(hall.db, change)


def test_a_password_alone_opens_no_session_any_more(layla: Person) -> None:
    first = layla.enter()
    assert first.step == "code"
    assert sessions_open(layla.hall) == 0
    assert layla.finish(first.token, layla.code())
    assert sessions_open(layla.hall) == 1
    assert facts(layla.hall)[-4:] == [
        ("staff.created", ""),
        ("staff.method_added", "app"),
        ("staff.recovery_codes_made", ""),
        ("staff.signed_in_with", "app"),
    ]


def test_a_code_that_was_used_is_refused_until_the_next_one(layla: Person) -> None:
    code = layla.code()
    assert layla.finish(layla.enter().token, code)
    assert layla.finish(layla.enter().token, code) is None
    layla.clock.move(timedelta(seconds=30))
    assert layla.finish(layla.enter().token, code) is None
    assert layla.finish(layla.enter().token, layla.code())


def test_the_code_that_added_the_app_signs_nobody_in(layla: Person) -> None:
    layla.clock.move(timedelta(minutes=-1))
    assert layla.finish(layla.enter().token, layla.code()) is None


def test_a_recovery_code_stands_in_once(layla: Person) -> None:
    code = layla.recovery[3]
    assert layla.finish(layla.enter().token, f"{code[:5]}-{code[5:]}".lower())
    assert layla.finish(layla.enter().token, code) is None
    assert facts(layla.hall)[-2:] == [("staff.signed_in_with", "recovery"), ("staff.code_failed", "")]
    assert sum(method.kind == "recovery" for method in layla.hall.db.read_now(methods_of, layla.id)) == 9


def test_new_recovery_codes_void_the_old_ones(layla: Person) -> None:
    layla.hall.db.write_now(credentials.renew_recovery_codes, layla.id, KEY, Actor("staff", str(layla.id)))
    assert layla.finish(layla.enter().token, layla.recovery[0]) is None


def test_after_five_wrong_codes_the_password_is_asked_for_again(layla: Person) -> None:
    first = layla.enter()
    for _ in range(MOST_FAILURES):
        assert layla.finish(first.token, "000000") is None
    with pytest.raises(SignedOut, match="sign-in-over"):
        layla.finish(first.token, layla.code())


def test_a_step_ends_by_itself_and_with_its_use(layla: Person) -> None:
    first, late = layla.enter(), layla.enter()
    assert layla.finish(first.token, layla.code())
    layla.clock.move(STEP_LIFETIME)
    for token in (first.token, late.token, "no token"):
        with pytest.raises(SignedOut, match="sign-in-over"):
            layla.finish(token, layla.code())


@pytest.mark.parametrize("act", [staff.lock_staff, lambda tx, login: staff.set_password(tx, login, "new")])
def test_whoever_is_locked_out_between_two_steps_stays_out(layla: Person, act: object) -> None:
    first = layla.enter()
    layla.hall.db.write_now(act, "layla")  # type: ignore[arg-type]
    with pytest.raises(SignedOut, match="sign-in-over"):
        layla.finish(first.token, layla.code())


def test_a_reset_leaves_the_password_alone(layla: Person) -> None:
    first = layla.enter()

    def reset(tx: Tx) -> None:
        with locked(tx, ORGANISATION) as organisation:
            credentials.forget_methods(organisation, layla.id, Actor("system"))

    layla.hall.db.write_now(reset)
    assert layla.hall.db.read_now(methods_of, layla.id) == []
    assert layla.enter().step == ""
    with pytest.raises(SignedOut, match="sign-in-over"):
        layla.finish(first.token, layla.code())
    assert ("staff.methods_forgotten", "") in facts(layla.hall)


# ---------------------------------------------------------------- who needs one


@pytest.mark.parametrize(
    ("wanted", "administrator", "clerk"),
    [("none", "", ""), ("administrators", "set-up", ""), ("all", "set-up", "set-up")],
)
def test_the_organisation_says_who_needs_a_second_factor(
    hall: Hall, wanted: str, administrator: str, clerk: str
) -> None:
    hall.administrator()
    hall.person("omar")
    ask_for_second_factors(hall, wanted)
    assert (entered(hall, "admin").step, entered(hall, "omar").step) == (administrator, clerk)


def test_setting_it_up_opens_the_session(hall: Hall, clock: FrozenClock) -> None:
    hall.person("omar")
    ask_for_second_factors(hall, "all")
    first = entered(hall, "omar")
    step = hall.db.read_now(step_by_token, sha256(first.token), "set-up")
    assert step is not None
    secret = app_secret(KEY, step.data["salt"])
    assert hall.db.write_now(sign_in.finish_set_up, first.token, "000000", "web", KEY) is None
    code = code_at(secret, step_of(clock.now()))
    done = hall.db.write_now(sign_in.finish_set_up, first.token, code, "web", KEY)
    assert done
    assert done.recovery
    assert sessions_open(hall) == 1
    assert entered(hall, "omar").step == "code"


def give_administrator(hall: Hall, _first: UUID) -> None:
    hall.db.write_now(staff_roles.change_roles, "omar", ORGANISATION, give="administrator")


def make_the_role_more(hall: Hall, first: UUID) -> None:
    actor = Actor("staff", str(first))
    asked = hall.db.write_now(roles.save_role, "officer", {"ar": "موظف"}, ["*"], actor)
    assert asked is not None
    hall.db.write_now(approvals.approve, asked, Actor("staff", str(hall.administrator("second"))))
    hall.db.write_now(four_eyes.carry_out, asked, actor)


@pytest.mark.parametrize("grow", [give_administrator, make_the_role_more])
def test_a_session_with_a_password_alone_becomes_no_administrator_s(
    hall: Hall, grow: Callable[[Hall, UUID], None]
) -> None:
    hall.person("omar")
    first = hall.administrator("first")
    ask_for_second_factors(hall, "administrators")
    assert entered(hall, "omar").step == ""
    assert sessions_open(hall) == 1
    hall.db.write_now(staff_roles.change_roles, "omar", ORGANISATION, give="officer")
    assert sessions_open(hall) == 1
    grow(hall, first)
    assert sessions_open(hall) == 0
    assert ("staff.sessions_ended", "") in facts(hall)
    assert entered(hall, "omar").step == "set-up"


def test_a_session_with_a_second_factor_goes_on_with_the_new_rights(layla: Person) -> None:
    ask_for_second_factors(layla.hall, "administrators")
    assert layla.finish(layla.enter().token, layla.code())
    layla.hall.db.write_now(staff_roles.change_roles, "layla", ORGANISATION, give="administrator")
    assert sessions_open(layla.hall) == 1


def test_a_set_up_that_was_begun_before_another_takes_nothing_over(hall: Hall, clock: FrozenClock) -> None:
    hall.person("omar")
    ask_for_second_factors(hall, "all")
    tokens = [entered(hall, "omar").token for _ in range(2)]
    codes = []
    for token in tokens:
        step = hall.db.read_now(step_by_token, sha256(token), "set-up")
        assert step is not None
        codes.append(code_at(app_secret(KEY, step.data["salt"]), step_of(clock.now())))
    assert hall.db.write_now(sign_in.finish_set_up, tokens[0], codes[0], "web", KEY)
    with pytest.raises(SignedOut, match="sign-in-over"):
        hall.db.write_now(sign_in.finish_set_up, tokens[1], codes[1], "web", KEY)
    assert sessions_open(hall) == 1


def test_a_sign_in_that_began_with_the_old_password_ends_with_it(layla: Person) -> None:
    account = layla.hall.db.read_now(account_of, "layla")
    assert account is not None
    token = layla.enter().token
    layla.hall.db.write_now(staff.set_own_password, layla.id, "new hash", account.password, "this session")
    with pytest.raises(SignedOut, match="sign-in-over"):
        layla.finish(token, layla.code())


def test_the_last_second_factor_stays_where_one_is_needed(layla: Person) -> None:
    app = next(method for method in layla.hall.db.read_now(methods_of, layla.id) if method.kind == "app")
    actor = Actor("staff", str(layla.id))
    ask_for_second_factors(layla.hall, "all")
    with pytest.raises(Refused, match="second-factor-needed"):
        layla.hall.db.write_now(credentials.remove_method, layla.id, app.id, actor)
    ask_for_second_factors(layla.hall, "administrators")
    layla.hall.db.write_now(credentials.remove_method, layla.id, app.id, actor)
    assert layla.hall.db.read_now(methods_of, layla.id) == []


# ---------------------------------------------------------------- at the same moment


def rush_with_one_code(layla: Person, url: str) -> int:
    """How many of several sign-ins with the same code succeed."""
    tokens, code = [layla.enter().token for _ in range(NODES)], layla.code()

    def work(token: str) -> object:
        return lambda node: node.write_now(sign_in.finish_with_code, token, code, "web", KEY)

    with crowd(url, layla.clock, NODES) as people:
        outcomes = people.rush([work(token) for token in tokens])  # type: ignore[misc]
    assert all(outcome is None or isinstance(outcome, str) for outcome in outcomes), outcomes
    return sum(isinstance(outcome, str) for outcome in outcomes)


def test_one_code_at_the_same_moment_signs_in_once(layla: Person, db_url: str) -> None:
    assert rush_with_one_code(layla, db_url) == 1


def test_a_counter_is_set_once_even_without_the_lock(
    layla: Person, db: Database, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert used_without_the_lock(layla, db_url, monkeypatch) == 1


def test_without_lock_and_condition_it_would_be_used_by_all(
    layla: Person, db: Database, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the two tests before."""
    monkeypatch.setattr(credentials, "_is_newer", lambda counter: sa.true())
    assert used_without_the_lock(layla, db_url, monkeypatch) == NODES


def used_without_the_lock(layla: Person, url: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many of several nodes use the same code, if all read the methods before one of them writes."""
    unlocked(monkeypatch)
    code = layla.code()
    with crowd(url, layla.clock, NODES) as people, meet(credentials, "methods_of", NODES):
        outcomes = people.rush(
            [lambda node: node.write_now(credentials.use_code, layla.id, code, KEY) for _ in range(NODES)]
        )
    assert set(outcomes) <= {"app", ""}, outcomes
    return outcomes.count("app")
