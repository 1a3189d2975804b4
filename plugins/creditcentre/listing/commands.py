"""Commands on list entries: which act each is, what it takes, and which columns that fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from plugins.creditcentre.arguments import (
    CODE,
    DAY,
    DAY_IF_ANY,
    DIGEST_IF_ANY,
    FLAG,
    TEXT,
    TEXT_IF_ANY,
    TEXTS,
    TEXTS_OR_GAPS,
    Argument,
    one_of,
)
from schema.codes import ResponsibleRole, Severity

_SAID = {"reason": TEXT_IF_ANY, "basis": TEXT_IF_ANY, "evidenceSha256": DIGEST_IF_ANY}
_CASE = {"caseNo": TEXT, **_SAID}
_ROLES = ", ".join(role.value for role in ResponsibleRole)

PROPOSE = "proposeListing"
PROPOSAL: Mapping[str, Argument] = MappingProxyType(
    {
        "listCode": TEXT,
        "uscc": CODE,
        "subjectName": TEXT,
        "facts": TEXT,
        "severity": one_of(*(severity.value for severity in Severity)),
        "measures": TEXTS,
        "personNames": TEXTS,
        "personRoles": Argument(f"for each person one of {_ROLES}", TEXTS.read),
        "personFindings": TEXTS_OR_GAPS,
        **_SAID,
    }
)


@dataclass(frozen=True, slots=True)
class ListCommand:
    """A command on a case.

    Attributes:
        columns: column of `list_entry` that an argument fills.
    """

    act: str
    arguments: Mapping[str, Argument]
    columns: Mapping[str, str]


def _command(act: str, **own: tuple[str, Argument]) -> ListCommand:
    arguments = {name: argument for name, (_, argument) in own.items()}
    columns = {name: column for name, (column, _) in own.items()}
    return ListCommand(act, {**_CASE, **arguments}, columns)


_EXIT_REASON = one_of("REPAIRED", "BASIS_ANNULLED", "WRONGLY_LISTED")
COMMANDS: Mapping[str, ListCommand] = MappingProxyType(
    {
        "withdrawListing": _command("withdraw"),
        "serveListingNotice": _command(
            "serve-notice",
            noticeNo=("notice_no", TEXT),
            servedOn=("notice_served_on", DAY),
            tellsOfObjection=("notice_tells_of_objection", FLAG),
        ),
        "giveListingPublicNotice": _command("give-notice", channel=("channel", TEXT)),
        "objectToListing": _command("object"),
        "upholdListingObjection": _command("uphold"),
        "rejectListingObjection": _command("reject"),
        "decideListing": _command(
            "list",
            decisionNo=("decision_no", TEXT),
            decidedOn=("decided_on", DAY),
            validUntil=("valid_until", DAY_IF_ANY),
            channel=("channel", TEXT),
        ),
        "declineListing": _command("decline"),
        "proposeListingExit": _command("propose-exit", exitReason=("exit_reason", _EXIT_REASON)),
        "endListing": _command("exit"),
        "extendListing": _command("extend", validUntil=("valid_until", DAY)),
        "returnToList": _command("return", validUntil=("valid_until", DAY_IF_ANY)),
    }
)
