"""A stand for departments in files: the fixture on an exchange folder of its own, and new drops."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.conformance.drops import DropControl
from gateway.contract import Adapter, AdapterSettings
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.files import DROP, cell, ready
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.proxied import added_records
from gateway.scaffold.stands import Stand, stoppable
from gateway.sources.declared import DeclaredDepartment
from gateway.sources.files import FilesAdapter
from gateway.sources.files.exchange import take_up
from schema.codes import RecordKind


class _Folder:
    """The exchange folder: each new drop is the one before with something more."""

    def __init__(
        self, exchange: Path, declared: DeclaredDepartment, settings: AdapterSettings
    ) -> None:
        adapter = declared.adapter(settings)
        assert isinstance(adapter, FilesAdapter)
        self._exchange, self._declared, self._recipe = exchange, declared, adapter.recipe
        self._newest = exchange / DROP
        self._numbers = count(1)

    def renew(self) -> None:
        """The same files in a new drop."""
        self._hand_over(self._copy())

    def add(self, kind: RecordKind, number: int) -> bool:
        """Records about the first subject, decided on different days, in a new drop."""
        drop = self._copy()
        made = added_records(self._declared, kind, number, next(self._numbers))
        path = drop / f"{made.mapping.table}.csv"
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for row in made.rows:
                writer.writerow([cell(row[column]) for column in made.types])
        manifest = drop / "manifest.toml"
        parts = manifest.read_text("utf-8").split("\n[[files]]\n")
        told = next(n for n, part in enumerate(parts) if f'name = "{path.name}"' in part)
        parts[told] = _recounted(parts[told], path, len(made.rows))
        manifest.write_text("\n[[files]]\n".join(parts), "utf-8")
        self._hand_over(drop)
        return True

    def _copy(self) -> Path:
        """A copy of the newest drop under a later name, whose manifest is another."""
        number = next(self._numbers)
        drop = self._exchange / f"{DROP}-{number:06}"
        shutil.copytree(self._newest, drop)
        with (drop / "manifest.toml").open("a", encoding="utf-8") as manifest:
            manifest.write(f"# {number}\n")
        return drop

    def _hand_over(self, drop: Path) -> None:
        self._newest = drop
        state = take_up(self._recipe)
        if state.indexed is None or state.indexed.drop != drop.name:
            raise ScaffoldError(f"drop `{drop.name}` was not taken up")


def _recounted(part: str, path: Path, more: int) -> str:
    """An entry of a manifest after its file has grown."""
    digest = sha256(path.read_bytes()).hexdigest()
    part = re.sub(r"rows = (\d+)", lambda found: f"rows = {int(found[1]) + more}", part)
    return re.sub(r'sha256 = "\w+"', f'sha256 = "{digest}"', part)


@contextmanager
def stand(package: AuthorPackage) -> Iterator[Stand]:
    """An exchange folder with the package's fixture in it, taken up.

    Raises:
        ScaffoldError: the fixture is missing, or is refused.
    """
    with stoppable(), TemporaryDirectory(prefix="credit-gateway-") as name:
        exchange = Path(name) / "exchange"
        try:
            shutil.copytree(package.fixtures / DROP, exchange / DROP)
        except OSError as error:
            raise ScaffoldError(f"fixture `{package.fixtures / DROP}` cannot be read") from error
        declared = package.declared()
        with ready(declared, AdapterSettings({"exchange": str(exchange)})) as settings:
            folder = _Folder(exchange, declared, settings)
            control = DropControl(exchange, folder.renew, folder.add)

            def watched(adapter: Adapter) -> Adapter:
                assert isinstance(adapter, FilesAdapter)
                return control.watched(adapter)

            yield replace(Stand(settings, control), watched=watched)
