"""`python -m bench.kits`: the REST and MySQL kits beside clients by hand for the same calls.

One subject's records, newest first, five at most: what a gateway asks most. Both sides talk to the
same server in a process of its own, over connections that stay open, one call after the other.
Rounds alternate, so that whatever else the machine does meets both. Writes build/bench-kits.json.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiomysql
import click
import httpx
import uvicorn
import uvloop
from rich.console import Console

import plugins.environment
import plugins.housing
from gateway.contract import (
    Adapter,
    AdapterSettings,
    FetchContext,
    OrderKey,
    RecordRequest,
    RecordSelection,
    RowBatch,
)
from gateway.demo.city.settings import CitySettings
from gateway.demo.further.environment_service import CLIENT, EnvironmentService
from gateway.demo.further.environment_store import prepare_environment
from gateway.demo.further.housing_store import prepare_housing
from gateway.demo.mariadb import MariaDb, find_programs
from gateway.demo.serving import reserve_port
from plugins.environment.mapping import PENALTY_CATEGORY as ENVIRONMENT_CATEGORY
from plugins.housing.mapping import PENALTY_CATEGORY as HOUSING_CATEGORY
from schema.codes import RecordKind

FOLDER = Path("build/bench-kits")
KIND = RecordKind.ADMINISTRATIVE_PENALTY
FIELDS = ("meta.recordId", "documentNo", "categories", "fineAmount", "decidedOn", "performed")
SELECTION = RecordSelection(
    KIND, FIELDS, order=(OrderKey("meta.decidedOn", descending=True),), first=5, lookahead=True
)
SECRET, PASSWORD = "bench", "bench"
BOUND = 1.25
"""Time with a kit, in times by hand."""

Row = list[Any]
Ask = Callable[[str], Awaitable[Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Compared:
    """Time of one call, in microseconds, and CPU time of this process; medians over the rounds."""

    kit: str
    by_hand_us: float
    by_kit_us: float
    by_hand_cpu_us: float
    by_kit_cpu_us: float

    @property
    def ratio(self) -> float:
        return self.by_kit_us / self.by_hand_us

    @property
    def cpu_ratio(self) -> float:
        return self.by_kit_cpu_us / self.by_hand_cpu_us


@click.command()
@click.option("--subjects", default=20_000, show_default=True)
@click.option("--rounds", default=15, show_default=True)
@click.option("--calls", default=300, show_default=True, help="Calls of a round.")
@click.option("--serve", is_flag=True, hidden=True)
def main(subjects: int, rounds: int, calls: int, serve: bool) -> None:
    """Compare the kits with clients written by hand."""
    if serve:
        _serve()
        return
    console = Console()
    results = measure_kits(subjects, rounds, calls)
    if len(results) == 1:
        console.print("MySQL kit left out: MariaDB is not installed")
    for found in results:
        console.print(
            f"{found.kit}: by hand {found.by_hand_us:.0f} µs ({found.by_hand_cpu_us:.0f} CPU), "
            f"kit {found.by_kit_us:.0f} µs ({found.by_kit_cpu_us:.0f} CPU), "
            f"ratio {found.ratio:.2f}, bound {BOUND}"
        )
    document = [{**asdict(found), "ratio": found.ratio} for found in results]
    Path("build/bench-kits.json").write_text(json.dumps(document, indent=2) + "\n")


def measure_kits(subjects: int, rounds: int, calls: int) -> Sequence[Compared]:
    """REST, and MySQL beside two statements where MariaDB is installed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    city = CitySettings(subjects=subjects)
    prepare_environment(FOLDER / "environment.sqlite3", city)
    return [_environment(rounds, calls), *_housing(city, rounds, calls)]


def _serve() -> None:
    """The environment bureau's service in this process, until standard input closes."""
    service = EnvironmentService(FOLDER / "environment.sqlite3", SECRET)
    with reserve_port(0) as listening:
        print(listening.getsockname()[1], flush=True)
        config = uvicorn.Config(service.app, log_config=None, access_log=False, loop="uvloop")
        uvicorn.Server(config).run([listening])


@contextmanager
def _service() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.kits", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def _environment(rounds: int, calls: int) -> Compared:
    with _service() as url:
        values = {
            "url": url,
            "token_url": f"{url}/oauth/token",
            "client_id": CLIENT,
            "client_secret": SECRET,
        }
        adapter = plugins.environment.register_adapter(AdapterSettings(values))
        return uvloop.run(_compare("REST", adapter, _by_hand_rest(url), rounds, calls))


def _housing(city: CitySettings, rounds: int, calls: int) -> Sequence[Compared]:
    programs = find_programs()
    if programs is None:
        return []
    statements = (
        "CREATE DATABASE IF NOT EXISTS housing",
        f"CREATE OR REPLACE USER bench@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
        "GRANT ALL ON housing.* TO bench@'127.0.0.1'",
    )
    with MariaDb(programs, FOLDER / "mariadb").start(statements) as port:
        url = f"mysql://bench:{PASSWORD}@127.0.0.1:{port}/housing"
        uvloop.run(prepare_housing(url, city))
        found = []
        for name, statement in (("MySQL", SAME), ("MySQL, simplest statement", SIMPLEST)):
            adapter = plugins.housing.register_adapter(AdapterSettings({"url": url}))
            by_hand = _by_hand_mysql(port, statement)
            found.append(uvloop.run(_compare(name, adapter, by_hand, rounds, calls)))
        return found


def _by_hand_rest(url: str) -> Ask:
    """What a developer writes who knows this service and needs this answer."""
    client = httpx.AsyncClient(base_url=url, timeout=2, trust_env=False)
    headers: dict[str, str] = {}

    async def ask(code: str) -> Sequence[Row]:
        if not headers:
            form = {"grant_type": "client_credentials"}
            token = await client.post("/oauth/token", data=form, auth=(CLIENT, SECRET))
            headers["authorization"] = f"Bearer {token.json()['access_token']}"
        answer = await client.post("/v2/penalties/search", json={"codes": [code]}, headers=headers)
        answer.raise_for_status()
        records = json.loads(answer.content, parse_float=Decimal)["records"]
        records.sort(key=lambda record: record["id"])
        records.sort(key=lambda record: record["decision"]["date"], reverse=True)
        return [_rest_row(record) for record in records[:6]]

    return ask


def _rest_row(record: Any) -> Row:
    penalty = record["penalty"]
    fine = penalty["fineYuan"]
    return [
        record["id"],
        penalty["no"],
        [ENVIRONMENT_CATEGORY[code] for code in penalty["measures"]],
        None if fine is None else f"{fine:.2f}",
        record["decision"]["date"],
        penalty["performed"],
    ]


SAME = (
    "SELECT bh, wsh, cflb, fk_wy, jdrq, lxwb FROM jz_cf WHERE tyshxydm IN (%(code)s) AND "
    "CAST(CONVERT(tyshxydm USING utf8mb4) AS BINARY) IN (%(code)s) "
    "ORDER BY jdrq DESC, CAST(CONVERT(bh USING utf8mb4) AS BINARY) LIMIT 6"
)
"""The call that the kit makes: exact, whatever the collation of the columns."""
SIMPLEST = (
    "SELECT bh, wsh, cflb, fk_wy, jdrq, lxwb FROM jz_cf WHERE tyshxydm = %(code)s "
    "ORDER BY jdrq DESC, bh LIMIT 6"
)
"""What does for who knows that these columns have a binary collation."""


def _by_hand_mysql(port: int, statement: str) -> Ask:
    """The same for these tables: a pool, one statement with parameters, Python values to text."""
    pools: list[Any] = []

    async def ask(code: str) -> Sequence[Row]:
        if not pools:
            pools.append(
                await aiomysql.create_pool(
                    host="127.0.0.1",
                    port=port,
                    user="bench",
                    password=PASSWORD,
                    db="housing",
                    charset="utf8mb4",
                    autocommit=True,
                )
            )
        async with pools[0].acquire() as connection, connection.cursor() as cursor:
            await cursor.execute(statement, {"code": code})
            return [_mysql_row(*row) for row in await cursor.fetchall()]

    return ask


def _mysql_row(number: str, document: str, codes: str, wan: Any, day: Any, done: int) -> Row:
    return [
        number,
        document,
        [HOUSING_CATEGORY[code] for code in json.loads(codes)],
        None if wan is None else f"{wan * 10_000:.2f}",
        day.isoformat(),
        bool(done),
    ]


async def _compare(kit: str, adapter: Adapter, by_hand: Ask, rounds: int, calls: int) -> Compared:
    listing = RecordSelection(KIND, ("counterpartUscc",), order=SELECTION.order, first=500)
    (listed,) = await adapter.fetch([RecordRequest("list", listing, None)], _context())
    assert isinstance(listed, RowBatch)
    codes = [str(row[0]) for row in listed.groups[0] if row[0]]

    async def by_kit(code: str) -> Sequence[Row]:
        request = RecordRequest("one", SELECTION, (code,))
        (batch,) = await adapter.fetch([request], _context())
        assert isinstance(batch, RowBatch)
        return batch.groups[0]  # type: ignore[return-value]

    for code in codes[:20]:
        assert await by_kit(code) == await by_hand(code), "both give the same rows"
    hand: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    for number in range(rounds):
        order = ((by_hand, hand), (by_kit, ours))
        for ask, times in order if number % 2 else reversed(order):
            times.append(await _round(ask, codes, calls))
    await adapter.aclose()
    return Compared(
        kit,
        statistics.median(wall for wall, _ in hand),
        statistics.median(wall for wall, _ in ours),
        statistics.median(cpu for _, cpu in hand),
        statistics.median(cpu for _, cpu in ours),
    )


async def _round(ask: Ask, codes: Sequence[str], calls: int) -> tuple[float, float]:
    """Microseconds per call: on the clock (a tenth is faster), and of CPU (mean).

    The fastest tenth tells what the calls cost; the median what else the machine does.
    """
    walls = []
    cpu = time.process_time()
    for number in range(calls):
        started = time.perf_counter()
        await ask(codes[number % len(codes)])
        walls.append(time.perf_counter() - started)
    cpu = time.process_time() - cpu
    return statistics.quantiles(walls, n=10)[0] * 1e6, cpu / calls * 1e6


def _context() -> FetchContext:
    return FetchContext("bench", time.monotonic() + 10, "2026-11-02T08:00:00Z")


if __name__ == "__main__":
    main()
