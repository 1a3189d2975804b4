"""The kit that an adapter must pass before it joins: pytest suites, and an adapter to learn from.

Imported by tests only. A department's own tests need a few lines:

    from gateway.conformance import AdapterConformance, Department

    @pytest.fixture(scope="module")
    def department() -> Department:
        return Department(make_adapter=…, keys=(…), unknown_key="…")

    class TestOurAdapter(AdapterConformance):
        pass
"""

from __future__ import annotations

from gateway.conformance.department import Department
from gateway.conformance.reference_adapter import ReferenceAdapter, ReferenceRecord
from gateway.conformance.suites import AdapterConformance

__all__ = ["AdapterConformance", "Department", "ReferenceAdapter", "ReferenceRecord"]
