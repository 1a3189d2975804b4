"""The tour from its first part to its last."""

from __future__ import annotations

from gateway.demo.tour.audit_entries import show_audit
from gateway.demo.tour.bank_journey import show_bank_journey
from gateway.demo.tour.context import TourContext
from gateway.demo.tour.department_off import show_department_off
from gateway.demo.tour.ending import show_ending
from gateway.demo.tour.other_sources import show_other_sources
from gateway.demo.tour.plan import show_plan
from gateway.demo.tour.readings import show_readings


async def show_tour(context: TourContext, is_staying: bool) -> None:
    """Print the whole tour.

    Args:
        is_staying: the server goes on running afterwards.

    Raises:
        DemoError: the server does not answer as it should.
    """
    await show_readings(context)
    await show_plan(context)
    await show_department_off(context)
    await show_other_sources(context)
    await show_bank_journey(context)
    await show_audit(context)
    show_ending(context, is_staying)
