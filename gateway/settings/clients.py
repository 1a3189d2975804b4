"""What holds for clients whose contract says nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.settings.reading import Section, SettingsError
from policies.model import CallerClass

_MOST_REQUESTS = 10_000_000


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What holds for clients whose contract says nothing else.

    Attributes:
        must_register: caller classes whose clients are answered only if they are registered.
        registered_operations_only: caller classes whose clients run registered operations only.
        requests_per_minute, burst: of a client for one purpose, in the long run and at once.
        sweep_per_minute, sweep_per_day: distinct subjects of one client beyond which a warning is
            raised. Source: the city's default for warnings of query sweeps (查询异常预警).
        is_sandbox: whether clients of the sandbox are answered, and no others.
        administrators: ids of clients that register clients over HTTP.
    """

    must_register: frozenset[CallerClass] = frozenset(
        {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    )
    registered_operations_only: frozenset[CallerClass] = frozenset(
        {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    )
    requests_per_minute: int = 6_000
    burst: int = 600
    sweep_per_minute: int = 200
    sweep_per_day: int = 5_000
    is_sandbox: bool = False
    administrators: frozenset[str] = frozenset()


def read_clients(section: Section) -> ClientSettings:
    usual = ClientSettings()
    return ClientSettings(
        read_classes(section, "must_register", usual.must_register),
        read_classes(section, "registered_operations_only", usual.registered_operations_only),
        section.number("requests_per_minute", usual.requests_per_minute, 1, _MOST_REQUESTS),
        section.number("burst", usual.burst, 1, _MOST_REQUESTS),
        section.number("sweep_per_minute", usual.sweep_per_minute, 1, _MOST_REQUESTS),
        section.number("sweep_per_day", usual.sweep_per_day, 1, _MOST_REQUESTS),
        section.flag("is_sandbox"),
        frozenset(section.texts("administrators")),
    )


def read_classes(
    section: Section, key: str, default: frozenset[CallerClass]
) -> frozenset[CallerClass]:
    known = {each.value: each for each in CallerClass if each is not CallerClass.PUBLIC}
    stated = section.texts(key, tuple(each.value for each in default))
    unknown = [each for each in stated if each not in known]
    if unknown:
        raise SettingsError(
            f"setting `{section.name}.{key}` names `{unknown[0]}`, expected some of "
            f"{', '.join(sorted(known))}"
        )
    return frozenset(known[each] for each in stated)
