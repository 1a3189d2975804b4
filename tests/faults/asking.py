"""One question to a department that is ill and to one beside it that is not."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.contract import Adapter
from gateway.fetching.calls import CallLimits
from gateway.fetching.circuit import CircuitLimits
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from tests.faults.declared import Outcome
from tests.support.awkward_department import FIRM, manifest_for
from tests.support.small_gateway import SmallGateway

_BESIDE = make_uscc("1", "1", "410199", "MB0R0009").code
_NO_CIRCUIT = CircuitLimits(failures=1_000)
BRIEF = CallLimits(adapter_timeout_s=0.5, circuit=_NO_CIRCUIT)
PATIENT = CallLimits(adapter_timeout_s=60.0, circuit=_NO_CIRCUIT)
"""For whatever fails by itself, however long a busy machine takes for it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A list of records of one firm: the field of the subject, and a text of the record."""

    kind: RecordKind
    listing: str
    text: str
    firm: str = FIRM

    @property
    def document(self) -> str:
        return (
            f'{{subject(uscc:"{self.firm}"){{{self.listing}(first:3)'
            f"{{totalCount nodes{{{self.text}}}}}}}}}"
        )


PENALTIES = Question(RecordKind.ADMINISTRATIVE_PENALTY, "penalties", "documentNo")


async def outcome_of(
    adapter: Adapter, expected: Outcome = Outcome.ANSWERED, question: Question = PENALTIES
) -> Outcome:
    """Ask both, and return the outcome of the adapter; the one beside it answers in any case."""
    dated = {"meta.decidedOn": "2025-01-01"}
    records = [
        ReferenceRecord(question.kind, "g", question.firm, {question.text: "好", **dated}),
        ReferenceRecord(RecordKind.REGISTRATION, "r", question.firm, {"name": "样例商行", **dated}),
    ]
    good = ReferenceAdapter(manifest_for("good", _BESIDE), records)
    slug = adapter.manifest.slug
    limits = BRIEF if expected is Outcome.TIMED_OUT else PATIENT
    gateway = SmallGateway({slug: adapter, "good": good}, limits=limits)
    answer = await gateway.ask(question.document, patience_s=120.0)
    assert "secret" not in str(answer)
    found = {item["source"]: item for item in answer["extensions"]["sources"]}
    assert found["good"]["outcome"] == "ANSWERED"
    texts = [node[question.text] for node in answer["data"]["subject"][question.listing]["nodes"]]
    outcome = found[slug]["outcome"]
    if outcome != "ANSWERED":
        assert texts == ["好"]
    return Outcome.WITHHELD if "withheld" in found[slug] else Outcome(outcome)
