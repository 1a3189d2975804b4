"""Person references of an operation, read on behalf of the caller before its plan runs.

A plan is the same for every caller, and a reference is not: so a plan names the places where
persons stand, and who stands there is among the variables of a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gateway.operation.errors import refused
from gateway.planning.plans import PlannedOperation


def with_persons(
    planned: PlannedOperation, key_of: Callable[[str], str | None]
) -> PlannedOperation:
    """Return the operation with the subject key of every person that it names.

    Args:
        key_of: the subject key in a reference; None if it is not valid for this caller.

    Raises:
        RequestError: PERSON_REFERENCE_NOT_VALID_HERE.
    """
    if not planned.plan.persons:
        return planned
    keys: dict[str, str] = {}
    for argument in planned.plan.persons:
        key = key_of(argument.reference.resolve(planned.variables))
        if key is None:
            raise refused(
                "PERSON_REFERENCE_NOT_VALID_HERE",
                "the person reference is not valid here: it belongs to another client, another "
                "matter or an older key",
                argument.source,
                argument.positions,
            )
        keys[argument.name] = key
    return replace(planned, variables={**planned.variables, **keys})
