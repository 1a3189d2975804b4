"""What the resolvers of root fields that no department answers may ask for one caller."""

from __future__ import annotations

import asyncio

from gateway.accesslog.evidence import GivesEvidence
from gateway.accesslog.requests import RequestReader
from gateway.catalogue import CatalogueContext
from gateway.mutations.office import Office
from gateway.mutations.reading import SharingReader
from gateway.quality.register import QualityRegister
from gateway.quality.types import KindReport
from gateway.quality.views import quality_view
from gateway.store.lending import Lending
from policies.model import Caller, CallerClass
from schema.catalogue import CatalogueItem, Source, SourceQuality
from schema.query import RequestFilter
from schema.requests import LoggedRequest

QUALITY_FOR = frozenset({CallerClass.DEPARTMENT, CallerClass.CREDIT_CENTRE, CallerClass.AUDITOR})
"""Those who have to see to it; numbers of refused rows are nobody else's business."""


class RootFields(SharingReader):
    """The catalogue and the sources, which are the same for all, and what concerns the caller."""

    def __init__(
        self,
        catalogue: CatalogueContext,
        office: Office,
        lending: Lending,
        evidence: GivesEvidence,
        caller: Caller,
    ) -> None:
        super().__init__(office, lending, caller)
        self._catalogue = catalogue
        self._measuring = asyncio.Lock()
        self._measured: list[KindReport] | None = None
        self._evidence = evidence

    def catalogue(self) -> list[CatalogueItem]:
        return self._catalogue.catalogue()

    async def sources(self) -> list[Source]:
        return await self._catalogue.sources()

    async def quality(self, slug: str) -> list[SourceQuality] | None:
        """The latest measurement of a department; read once for all departments of an answer."""
        if self._caller.caller_class not in QUALITY_FOR:
            return None
        async with self._measuring:
            if self._measured is None:
                self._measured = await QualityRegister(self._lending).all()
        return [quality_view(report) for report in self._measured if report.slug == slug]

    async def access_log(
        self, wanted: RequestFilter, first: int, after: str | None
    ) -> list[LoggedRequest]:
        """Requests of the caller's own organisation; auditors see everybody's."""
        acts = self._office.sharing.acts
        reader = RequestReader(self._lending, acts, self._evidence, self._caller)
        return await reader.access_log(wanted, first, after)
