"""Looks into the exchange folder, and takes up the newest drop that can be used."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from gateway.sources.files.drop import Drop, manifest_of, read_drop
from gateway.sources.files.errors import IndexNotWrittenError, UnusableInputError
from gateway.sources.files.indexing import Recipe, index_drop, tidy
from gateway.sources.files.state import Indexed, Refused, State, read_state, write_state

Clock = Callable[[], dt.datetime]
_DAYS_AHEAD = 1
"""The department's day may have begun already."""


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def wire_time(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def has_news(recipe: Recipe) -> bool:
    """Whether `take_up` would have something to do. Cheap; reads manifests only."""
    state = read_state(recipe.source.index)
    return any(True for _ in _candidates(recipe, state))


def take_up(recipe: Recipe, clock: Clock = utc_now) -> State:
    """Take up the newest usable drop, if it is newer than the one that answers.

    Returns:
        The state afterwards; drops that could not be used are refused in it with a reason. The
        state as it stands where another process is taking up a drop at this moment.
    """
    folder = recipe.source.index
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock(folder) as is_ours:
        if not is_ours:
            return read_state(folder)
        state = _take_up(recipe, read_state(folder), clock)
        tidy(folder, state.indexed.file if state.indexed else None)
        return state


def _take_up(recipe: Recipe, state: State, clock: Clock) -> State:
    folder = recipe.source.index
    for path, drop, reason in list(_candidates(recipe, state)):
        now = clock()
        try:
            if drop is None:
                raise UnusableInputError(reason)
            _refuse_future(drop, now)
            received = min(now, _written_at(path))
            made = index_drop(recipe, drop, wire_time(received), now, _former(folder, state))
            state = state.answering(made)
            write_state(folder, state)
            return state
        except UnusableInputError as error:
            again = isinstance(error, IndexNotWrittenError | _EarlyError)
            trace = "" if again else print_of(path, drop)
            state = state.refusing(Refused(path.name, trace, str(error), wire_time(now)))
            write_state(folder, state)
    return state


def _former(folder: Path, state: State) -> Path | None:
    """The index that answers, whatever it was made with."""
    if state.indexed is None:
        return None
    path = folder / state.indexed.file
    return path if path.is_file() else None


class _EarlyError(UnusableInputError):
    """A drop of a day that has not come; it will be looked at again."""


def _refuse_future(drop: Drop, now: dt.datetime) -> None:
    if drop.as_of > now.date() + dt.timedelta(days=_DAYS_AHEAD):
        raise _EarlyError(
            f"drop `{drop.name}` says `as_of` {drop.as_of.isoformat()}, which lies ahead: a clock "
            "is wrong, here or there"
        )


def _candidates(recipe: Recipe, state: State) -> Iterator[tuple[Path, Drop | None, str]]:
    """Folders that may hold a newer drop, the newest first; those with a bad manifest at the end.

    Yields:
        The folder, the drop or None, and why there is none.
    """
    drops, bad = [], []
    for path in _folders(recipe):
        try:
            drops.append(read_drop(path))
        except UnusableInputError as error:
            bad.append((path, None, str(error)))
    known = {refused.drop: refused.print for refused in state.refused}
    current = usable(recipe, state)
    for drop in sorted(drops, key=lambda drop: drop.age, reverse=True):
        if current is not None:
            if drop.age < (dt.date.fromisoformat(current.as_of), current.drop):
                break
            if recipe.digest_of(drop) == current.digest:
                break
        if known.get(drop.name) != print_of(drop.folder, drop):
            yield drop.folder, drop, ""
    for path, _, reason in bad:
        if known.get(path.name) != print_of(path, None):
            yield path, None, reason


def usable(recipe: Recipe, state: State) -> Indexed | None:
    """The index that answers, if its file is there."""
    indexed = state.indexed
    if indexed is None or not (recipe.source.index / indexed.file).is_file():
        return None
    return indexed


def _folders(recipe: Recipe) -> Iterator[Path]:
    source = recipe.source
    own = {source.index.resolve(), source.returned.resolve()}
    try:
        with os.scandir(source.exchange) as entries:
            found = [
                Path(entry.path)
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return
    for path in sorted(found):
        if path.resolve() not in own and manifest_of(path) is not None:
            yield path


def print_of(folder: Path, drop: Drop | None) -> str:
    """What would have to change for a refused drop to be looked at again."""
    paths = [manifest_of(folder) or folder]
    paths += [] if drop is None else [folder / file.name for file in drop.files]
    digest = sha256()
    for path in paths:
        try:
            found = path.lstat()
            digest.update(f"{path.name}:{found.st_size}:{found.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(f"{path.name}:\n".encode())
    return digest.hexdigest()


def _written_at(folder: Path) -> dt.datetime:
    manifest = manifest_of(folder) or folder
    return dt.datetime.fromtimestamp(manifest.stat().st_mtime, dt.UTC)


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Hold the folder against other processes; False where one of them holds it."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
