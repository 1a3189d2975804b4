"""What the resolvers of root fields that no department answers may ask for one caller."""

from __future__ import annotations

from gateway.catalogue import CatalogueContext
from gateway.mutations.office import Office
from gateway.mutations.reading import SharingReader
from gateway.store.lending import Lending
from policies.model import Caller
from schema.catalogue import CatalogueItem, Source


class RootFields(SharingReader):
    """The catalogue and the sources, which are the same for all, and what concerns the caller."""

    def __init__(
        self, catalogue: CatalogueContext, office: Office, lending: Lending, caller: Caller
    ) -> None:
        super().__init__(office, lending, caller)
        self._catalogue = catalogue

    def catalogue(self) -> list[CatalogueItem]:
        return self._catalogue.catalogue()

    async def sources(self) -> list[Source]:
        return await self._catalogue.sources()
