"""The rules in force follow the day and the releases; what cannot be used changes nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gateway.entitlements.types import PolicyRelease
from gateway.errors import InternalError
from gateway.policy.keeper import PolicyKeeper
from policies.engine import PolicySet
from policies.errors import PolicyLoadError
from policies.model import Effect
from tests.support.small_gateway import EVERYTHING, TODAY, policies, rule

FIRST = policies()
SECOND = policies(EVERYTHING, rule("more", Effect.FORBID, coordinates=("TaxArrears",)))


@dataclass
class HandReleases:
    """Releases that a test makes."""

    policy_release: PolicyRelease = field(default_factory=PolicyRelease)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def announce(self, policy_set: PolicySet) -> None:
        """Make the next release."""
        epoch = self.policy_release.epoch + 1
        self.policy_release = PolicyRelease(epoch, policy_set.version)
        self.changed.set()

    async def policy_release_after(self, epoch: int) -> PolicyRelease:
        """Wait for it."""
        while self.policy_release.epoch <= epoch:
            self.changed.clear()
            await self.changed.wait()
        return self.policy_release


@dataclass
class Folder:
    """What would be read now: rules, or an error."""

    content: PolicySet | Exception = FIRST
    read: int = 0

    def load(self, _today: dt.date) -> PolicySet:
        """Read it."""
        self.read += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


async def keep(_policies: PolicySet) -> None:
    """Keep nothing."""


@asynccontextmanager
async def opened(folder: Folder, releases: HandReleases) -> AsyncIterator[PolicyKeeper]:
    keeper = PolicyKeeper(FIRST, lambda: TODAY, folder.load, releases, keep)
    await keeper.open()
    try:
        yield keeper
    finally:
        await keeper.aclose()


async def eventually(holds: Callable[[], bool]) -> None:
    """Return once it holds; fail after ten seconds."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - a thread reads, and tells nobody
            await asyncio.sleep(0.002)


def in_force(keeper: PolicyKeeper) -> tuple[str, int]:
    rules = keeper.current()
    return rules.policies.version, rules.epoch


async def test_rules_follow_the_day_and_keep_their_version() -> None:
    days = [TODAY, TODAY.replace(day=3)]
    keeper = PolicyKeeper(FIRST, lambda: days[0], Folder().load, HandReleases(), keep)
    first = keeper.current()
    assert keeper.current() is first
    days.pop(0)
    second = keeper.current()
    assert second.policies.today == days[0]
    assert (second.policies.version, second.epoch) == (first.policies.version, 0)


async def test_release_is_taken_up_and_a_request_that_runs_keeps_its_rules() -> None:
    folder, releases = Folder(), HandReleases()
    async with opened(folder, releases) as keeper:
        taken = keeper.current()
        folder.content = SECOND
        releases.announce(SECOND)
        await eventually(lambda: keeper.current() is not taken)
        assert in_force(keeper) == (SECOND.version, 1)
        assert (taken.policies.version, taken.epoch) == (FIRST.version, 0)
        releases.announce(SECOND)
        await eventually(lambda: in_force(keeper) == (SECOND.version, 2))
        assert not keeper.is_behind


@pytest.mark.parametrize(
    "content",
    [
        PolicyLoadError("tax.toml", "arrears", "who", "`king`", "one of public"),
        InternalError("1 policy defects"),
        ValueError("a defect of the loader"),
        FIRST,
    ],
)
async def test_release_that_cannot_be_taken_up_leaves_the_running_rules(
    content: PolicySet | Exception,
) -> None:
    folder, releases = Folder(), HandReleases()
    async with opened(folder, releases) as keeper:
        folder.content = content
        releases.announce(SECOND)
        await eventually(lambda: keeper.is_behind)
        assert in_force(keeper) == (FIRST.version, 0)
        # Once the folder is mended, the worker alone can be told to read again.
        folder.content = SECOND
        keeper.request_reload()
        await eventually(lambda: in_force(keeper) == (SECOND.version, 1))
        assert not keeper.is_behind


async def test_reload_of_one_worker_reads_its_folder_and_keeps_the_epoch() -> None:
    folder = Folder()
    async with opened(folder, HandReleases(PolicyRelease(4, FIRST.version))) as keeper:
        folder.content = PolicyLoadError("tax.toml", "-", "-", "nothing", "rules")
        await keeper.reload()
        assert in_force(keeper) == (FIRST.version, 4)
        folder.content = SECOND
        await keeper.reload()
        assert in_force(keeper) == (SECOND.version, 4)
        assert not keeper.is_behind


async def test_worker_that_starts_between_reads_again_what_was_announced() -> None:
    folder, releases = Folder(SECOND), HandReleases(PolicyRelease(3, SECOND.version))
    async with opened(folder, releases) as keeper:
        assert in_force(keeper) == (SECOND.version, 3)
    folder = Folder(FIRST)
    async with opened(folder, releases) as keeper:
        # Deployed with other rules than were announced.
        assert in_force(keeper) == (FIRST.version, 3)
        assert folder.read == 1
