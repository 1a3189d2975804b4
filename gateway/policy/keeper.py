"""PolicyKeeper: the rules in force on this worker, and how others take their place.

A release, which `credit-gateway policy reload` announces in the store, is taken up by every
worker: rules are read and checked in a thread, and one reference is replaced. Rules that cannot be
used change nothing; answers of the running ones are then refused by the fence as soon as the
release takes effect, since what it took away must not be shown by a worker that lags behind.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

import structlog

from gateway.entitlements.types import PolicyRelease, RulesInForce
from gateway.errors import InternalError
from policies.engine import PolicySet
from policies.errors import PolicyLoadError

Load = Callable[[dt.date], PolicySet]
"""Reads and checks all rules; takes long. Raises PolicyLoadError or InternalError."""

Keep = Callable[[PolicySet], Awaitable[None]]
"""Keeps the texts of rules. Raises InternalError."""

_log = structlog.get_logger(__name__)


class Releases(Protocol):
    """Tells of releases; see `EntitlementsCache`."""

    @property
    def policy_release(self) -> PolicyRelease:
        """The newest release."""
        ...

    async def policy_release_after(self, epoch: int) -> PolicyRelease:
        """Wait for a release later than this epoch."""
        ...


class PolicyKeeper:
    """Holds one reference that requests take; putting other rules in force replaces it."""

    def __init__(
        self,
        policies: PolicySet,
        today: Callable[[], dt.date],
        load: Load,
        releases: Releases,
        keep: Keep,
    ) -> None:
        """
        Args:
            keep: keeps the texts of rules before they are in force.
        """
        self._keep = keep
        self._today = today
        self._load = load
        self._releases = releases
        self._rules = RulesInForce(policies.on(today()), 0)
        self._is_behind = False
        self._reading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def current(self) -> RulesInForce:
        """The rules in force, of today."""
        rules, today = self._rules, self._today()
        if rules.policies.today != today:
            self._rules = rules = RulesInForce(rules.policies.on(today), rules.epoch)
        return rules

    @property
    def is_behind(self) -> bool:
        """Whether a release could not be taken up, so that answers are refused."""
        return self._is_behind

    async def open(self) -> None:
        """Stand on the newest release, and follow later ones until `aclose`.

        Raises:
            InternalError: the rules cannot be kept.
        """
        await self._keep(self._rules.policies)
        release = self._releases.policy_release
        if release.version not in ("", self._rules.policies.version):
            # Announced while this worker was reading, perhaps; otherwise it was deployed with
            # other rules, which is its operator's decision.
            read = await self._read()
            self._rules = RulesInForce(read or self._rules.policies, release.epoch)
            if self._rules.policies.version != release.version:
                _log.warning(
                    "policy_version_not_announced",
                    running=self._rules.policies.version,
                    announced=release.version,
                )
        else:
            self._rules = RulesInForce(self._rules.policies, release.epoch)
        self._spawn(self._follow(release.epoch))

    async def aclose(self) -> None:
        """Follow no more releases."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def request_reload(self) -> None:
        """Read the rules again soon, on this worker alone."""
        self._spawn(self.reload())

    async def reload(self) -> None:
        """Read the rules again and put them in force here; if they cannot be used, change nothing.

        A release that could not be taken up before needs the version that was announced.
        """
        async with self._reading:
            release = self._releases.policy_release
            if release.epoch > self._rules.epoch:
                await self._take_up(release)
                return
            read = await self._read()
            if read is not None:
                self._put(read, self._rules.epoch)

    async def _follow(self, epoch: int) -> None:
        while True:
            release = await self._releases.policy_release_after(epoch)
            epoch = release.epoch
            async with self._reading:
                if release.epoch > self._rules.epoch:
                    await self._take_up(release)

    async def _take_up(self, release: PolicyRelease) -> None:
        read = await self._read()
        self._is_behind = read is None or read.version != release.version
        if read is None:
            return
        if self._is_behind:
            _log.error(
                "policy_reload_refused",
                reason="the rules here are not those that were announced",
                found=read.version,
                announced=release.version,
                running=self._rules.policies.version,
            )
            return
        self._put(read, release.epoch)

    async def _read(self) -> PolicySet | None:
        """The rules as they are on disk now; None if they cannot be used, which is logged."""
        running = self._rules.policies.version
        try:
            read = await asyncio.to_thread(self._load, self._today())
            await self._keep(read)
        except (PolicyLoadError, InternalError) as error:
            _log.error("policy_reload_refused", reason=str(error), running=running)
        except Exception as error:
            # Whatever a file provokes, the running rules go on and later releases are followed.
            _log.exception("policy_reload_failed", kind=type(error).__name__, running=running)
        else:
            return read
        return None

    def _put(self, policies: PolicySet, epoch: int) -> None:
        before = self._rules.policies.version
        self._rules = RulesInForce(policies, epoch)
        _log.info("policy_reloaded", before=before, version=policies.version, epoch=epoch)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
