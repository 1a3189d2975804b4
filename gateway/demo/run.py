"""A demonstration from start to end: databases, city, server, tour, and nothing left behind."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
import uvloop
from rich.console import Console

from gateway.app import create_app, server_config
from gateway.audit.log import AuditLog
from gateway.demo.city.settings import CitySettings
from gateway.demo.databases import (
    ConfiguredUrls,
    DemoDatabases,
    configured_databases,
    embedded_databases,
)
from gateway.demo.departments import progress_report
from gateway.demo.errors import DemoError
from gateway.demo.files import DemoFiles
from gateway.demo.further.departments import Further, further_departments
from gateway.demo.people import PEOPLE
from gateway.demo.postgres import EmbeddedPostgres
from gateway.demo.provision import Provisioned, provers_of, provision
from gateway.demo.serving import DemoServer, reserve_port, served
from gateway.demo.tour.client import GatewayClient
from gateway.demo.tour.context import TourContext, installed_program
from gateway.demo.tour.tour import show_tour
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from policies.loader import load_policies
from schema.records import MODEL


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the person who starts it decides.

    Attributes:
        is_once: end after the tour.
        port: of the server; 0 takes any free one.
        urls: real servers instead of the embedded one.
        housing_url: MySQL or MariaDB database of the construction bureau; None: a server of our
            own, where MariaDB is installed.
    """

    city: CitySettings
    is_once: bool = False
    port: int = 8480
    urls: ConfiguredUrls | None = None
    files: DemoFiles = field(default_factory=DemoFiles)
    housing_url: str | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """What a server and a tour need, ready."""

    databases: DemoDatabases
    further: Further
    provisioned: Provisioned


def run_demo(options: DemoOptions, console: Console) -> None:
    """Run the demonstration until its end, or until it is told to stop.

    Raises:
        DemoError, EmbeddedPostgresError: it cannot start or go on; the text says why.
        KeyboardInterrupt: it was stopped before the server ran.
    """
    with _stoppable(), reserve_port(options.port) as reserved:
        options.files.make_folders()
        with (
            _quiet_log(options.files),
            _databases(options, console) as databases,
            further_departments(options.city, options.files, options.housing_url) as further,
        ):
            _say_further(console, further)
            port = reserved.getsockname()[1]
            provisioned = asyncio.run(provision(databases, options.files, port, further))
            running = Running(databases, further, provisioned)
            serving = _serve_and_show(options, console, running, reserved)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serving)
    if not options.is_once:
        _say(console, "Stopped 已停止")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let Ctrl-C and a request to terminate end everything in order, also without a terminal."""
    handlers = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def _quiet_log(files: DemoFiles) -> Iterator[None]:
    """Keep what the gateway logs out of the tour, in a file of its own."""
    with files.log.open("a", encoding="utf-8", buffering=1) as log:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            logger_factory=structlog.WriteLoggerFactory(file=log),
        )
        try:
            yield
        finally:
            structlog.reset_defaults()


@contextmanager
def _databases(options: DemoOptions, console: Console) -> Iterator[DemoDatabases]:
    """Provide the databases, filled; on our own server unless URLs are given."""
    urls = options.urls
    if urls is not None:
        _say(console, "Using the PostgreSQL servers configured 使用已配置的 PostgreSQL 服务器")
        with progress_report(console) as report:
            databases = asyncio.run(configured_databases(urls, options.city, report))
        _say_rows(console, databases)
        yield databases
        return
    with EmbeddedPostgres(options.files.postgres).start() as server:
        _say(console, server.placement)
        with progress_report(console) as report:
            databases = asyncio.run(embedded_databases(server, options.city, report))
        _say_rows(console, databases)
        yield databases


def _say_rows(console: Console, databases: DemoDatabases) -> None:
    if databases.rows is None:
        _say(console, "The city is there already 沿用已有数据")
    else:
        _say(console, f"A city with {databases.rows:,} records was made 已生成数据")


def _say_further(console: Console, further: Further) -> None:
    for department in further.departments:
        _say(console, f"Department `{department.slug}` runs on {department.source} 已启动")
    for left_out in further.left_out:
        _say(console, f"Department `{left_out.slug}` is left out 未启动: {left_out.reason}")


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, markup=False, highlight=False)


async def _serve_and_show(
    options: DemoOptions,
    console: Console,
    running: Running,
    reserved: socket.socket,
) -> None:
    """Serve, show the tour meanwhile, and end when told to, or after the tour."""
    settings = running.provisioned.settings
    app = create_app(settings, logs_requests=False, people=PEOPLE)
    server = DemoServer(server_config(app, settings.server))
    stop = _stop_on_signals()
    async with served(running.further.services):
        serving = asyncio.create_task(server.serve(sockets=[reserved]))
        await _show(options, console, running, server, serving, stop)
    if options.is_once and stop.is_set():
        raise DemoError("stopped before the end of the tour")


async def _show(
    options: DemoOptions,
    console: Console,
    running: Running,
    server: DemoServer,
    serving: asyncio.Task[None],
    stop: asyncio.Event,
) -> None:
    try:
        await _first(server.is_ready.wait(), stop.wait(), serving)
        if server.is_ready.is_set():
            tour = _tour(options, console, running)
            await _first(tour, stop.wait(), serving)
            if not options.is_once and not stop.is_set() and not serving.done():
                _say(console, "Ctrl-C ends it 按 Ctrl-C 结束")
                await _first(stop.wait(), serving)
    finally:
        server.should_exit = True
        await serving


def _stop_on_signals() -> asyncio.Event:
    """Return an event that Ctrl-C and a request to terminate set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _first(*work: Coroutine[Any, Any, object] | asyncio.Task[None]) -> None:
    """Wait until the first is done, and give up the others but for tasks that were given.

    Raises:
        Exception: what ended the first.
    """
    given = [item for item in work if isinstance(item, asyncio.Task)]
    made = [asyncio.create_task(item) for item in work if not isinstance(item, asyncio.Task)]
    try:
        await asyncio.wait((*given, *made), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in made:
            task.cancel()
        ended = await asyncio.gather(*made, return_exceptions=True)
    for result in ended:
        if isinstance(result, Exception):
            raise result


async def _tour(options: DemoOptions, console: Console, running: Running) -> None:
    settings, description = running.provisioned.settings, running.provisioned.description
    store = StoreAddress(settings.store.url, application_name="credit-gateway-tour")
    pool = LightPool(connector(store), 1)
    try:
        rules = load_policies(MODEL, settings.server.today or dt.date.today()).rules
        context = TourContext(
            console,
            GatewayClient(settings.server.port, description.tokens, provers_of(description.keys)),
            settings,
            description,
            options.files,
            AuditLog(pool),
            {rule.id: rule for rule in rules},
            installed_program(Path(sys.executable), Path.cwd()),
            running.databases.courts_switch,
            running.further,
        )
        await show_tour(context, is_staying=not options.is_once)
    finally:
        await pool.aclose()
