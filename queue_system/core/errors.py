"""The errors of the domain, with their reasons. Every code is also the key of a sentence: `errors.<code>`."""

from __future__ import annotations

import copyreg
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, ClassVar, TypeAlias


class Count(int):
    """A number that the sentence shows as it is."""


class Minutes(int):
    """A length of time in minutes, which a sentence writes in words."""


class Seconds(int):
    """A length of time in seconds, which a sentence writes in whole minutes."""


class Days(int):
    """A length of time in days, which a sentence writes in words."""


class Language(str):
    """The code of a language, which a sentence names."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """An instant whose sentence has named the day already, so that the wall time is enough."""

    instant: datetime

    def __str__(self) -> str:
        return str(self.instant)


#: Values of a sentence. Instants are in the branch's zone and shown with their day; a state is a member of its
#: enumeration. A plain int is not allowed, because its unit would be unknown. A `date` and a `time` are wall dates and times.
Value: TypeAlias = str | Count | Minutes | Seconds | Days | date | time | datetime | TimeOfDay


class DomainError(Exception):
    """A request cannot be carried out; the data are unchanged.

    `code` is a stable name without dots such as ``slot-taken``; `values` fill the sentence `errors.<code>`. The type
    of a value decides how it is shown. Values must not hold personal data, because errors are logged.
    """

    status: ClassVar[int] = 409

    def __init__(self, code: str, /, **values: Value) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is pickled as a call of its class with `args`, which not all of these classes can be called with.
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]

    def __str__(self) -> str:
        if not self.values:
            return self.code
        return f"{self.code} ({', '.join(f'{name}={value}' for name, value in self.values.items())})"


class Refused(DomainError):
    """The request is well formed, but the present state or a rule forbids it (409)."""


class Stale(DomainError):
    """The page was out of date, so the request was not carried out; show the page again (409)."""


class IllegalTransition(DomainError):
    """A ticket or booking cannot go from its state to the one asked for (409)."""


class Missing(DomainError):
    """The thing does not exist, or the person may not know that it does (404)."""

    status = 404


class Denied(DomainError):
    """The person or device is signed in but may not do this (403)."""

    status = 403


class SignedOut(DomainError):
    """The request needs a valid session (401)."""

    status = 401


class TooMany(DomainError):
    """Too many requests; `seconds` says how long to wait, at least one (429)."""

    status = 429

    def __init__(self, code: str, /, *, seconds: float) -> None:
        self.seconds = Seconds(max(1, round(seconds)))
        super().__init__(code, seconds=self.seconds)


class Invalid(DomainError):
    """A value in the request is wrong (422); `field` names it as the form or the JSON body does."""

    status = 422

    def __init__(self, code: str, field: str | None = None, /, **values: Value) -> None:
        super().__init__(code, **values)
        self.field = field


class Doubtful(Invalid):
    """A value is ambiguous: the person has to choose one of `understood`, the likeliest first.

    `understood` is personal data, so it is kept out of `values`, which are logged.
    """

    def __init__(self, code: str, field: str, understood: tuple[str, ...], /) -> None:
        super().__init__(code, field)
        self.understood = understood


class Unavailable(DomainError):
    """The system cannot do it at the moment; it refuses instead of letting the request wait (503)."""

    status = 503
