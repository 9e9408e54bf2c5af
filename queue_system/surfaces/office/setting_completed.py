"""Values of a form with what other settings determine: a service has the mode of its policy, a device is as its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from ...actions.setting_rights import LEVEL, level_of_new_service
from ...core.errors import Denied
from ...settings.branch import Branch
from ...settings.objects import values_of
from .places import SettingsPlace

_Values: TypeAlias = Mapping[str, Any]


def completed(
    kind: str, was: _Values | None, now: _Values, place: SettingsPlace, there: _Values | None
) -> tuple[_Values | None, _Values]:
    """The values that the author saw, and those that shall be; `there` are the present ones, None of a new thing.

    Raises Denied("not-allowed") for a new service that may have no level without the right to set levels.
    """
    match kind:
        case "service":
            return was, _service(now, place, new=there is None)
        case "device":
            return _device(was, now, place, there)
    return was, now


def _service(now: _Values, place: SettingsPlace, *, new: bool) -> _Values:
    found = dict(now)
    if "mode" not in now and now.get("policy") in place.catalogue.policies:
        found["mode"] = place.catalogue.policies[now["policy"]].mode
    if new and LEVEL not in now:
        found[LEVEL] = _level(now, place)
    return found


def _level(values: _Values, place: SettingsPlace) -> str:
    """The level of a new service whose form did not offer levels; raises Denied."""
    if isinstance(place.value, Branch):
        level = level_of_new_service(place.value, values.get("department", ""), place.catalogue)
        if level is not None:
            return level
    raise Denied("not-allowed")


def _device(
    was: _Values | None, now: _Values, place: SettingsPlace, there: _Values | None
) -> tuple[_Values | None, _Values]:
    """A new device is as its model. One that gets another model is as that one, but for what was changed on the device."""
    model = _kit_of(now.get("model"), place)
    if model is None:
        return was, now
    if there is None:
        return was, {**now, "kit": model, **({"place": {}} if model["kind"] == "printer" else {})}
    old = _kit_of(there["model"], place)
    if now["model"] == there["model"] or old is None or model["kind"] != old["kind"]:
        return was, now
    own = now.get("kit", there["kit"])
    differs = {name: own.get(name) for name in {*own, *old} if own.get(name) != old.get(name)}
    kit = {name: value for name, value in {**model, **differs}.items() if value is not None}
    return {"kit": there["kit"], **(was or {})}, {**now, "kit": kit}


def _kit_of(model: str | None, place: SettingsPlace) -> dict[str, Any] | None:
    found = place.catalogue.device_models.get(model or "")
    return values_of("device_model", found)["kit"] if found else None
