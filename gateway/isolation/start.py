"""Starts and ends adapters' processes; the first words with one, before there is an event loop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

from gateway.contract import AdapterSettings, Manifest
from gateway.isolation.framing import Frame, FrameError, FrameReader, pack
from gateway.isolation.loading import LoadingFailed
from gateway.isolation.manifest_form import NoManifest, read_manifest
from gateway.isolation.types import ProcessLimits
from gateway.isolation.words import CAPABILITIES, Word

_PROGRAM = (
    "import json, sys; start = json.loads(sys.argv[1]); sys.path[:] = start['path']; "
    "from gateway.isolation.child import main; main()"
)
_PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
_ENDING_S = 5.0
_MOST_RULES = 1_000_000
_MOST_INTRODUCTION = 1024 * 1024
"""Bytes of the first answer: a manifest takes a few thousand, whatever later answers may take."""
_RECEIVED = 65_536
LOADING = 0
"""Number of the first call of each process."""


@dataclass(frozen=True, slots=True)
class AdapterStart:
    """Everything that it takes to start the process of an adapter, and to start it again."""

    point: EntryPoint
    settings: AdapterSettings
    limits: ProcessLimits


@dataclass(frozen=True, slots=True)
class Introduction:
    """What an adapter's process says of its package.

    Attributes:
        rules: the rule file that the manifest names; None: it names none.
        offers: words of the capabilities that it has.
    """

    manifest: Manifest
    rules: Path | None
    offers: frozenset[str]


class AdapterProcess:
    """A process that was started, and the pipe to it. Ended at the latest when this is garbage."""

    def __init__(self, start: AdapterStart) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = _spawn(start.limits, theirs)
        self.pipe = ours
        self._end = weakref.finalize(self, _end, self.process, ours)

    def end(self) -> None:
        """End it and all that it has started; twice is the same as once."""
        self._end()


def _spawn(limits: ProcessLimits, pipe: socket.socket) -> subprocess.Popen[bytes]:
    start = {
        "path": [str(Path(entry).resolve()) if entry == "" else entry for entry in sys.path],
        "socket": pipe.fileno(),
        "parent": os.getpid(),
        "memory_mb": limits.memory_mb,
        "open_files": limits.open_files,
        "cpu_s": limits.cpu_s,
        "answer_kb": limits.answer_kb,
    }
    # What a package prints may hold values of records, and nobody reads it.
    return subprocess.Popen(  # noqa: S603 - this very Python with a program of ours
        [sys.executable, "-I", "-c", _PROGRAM, json.dumps(start)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=filtered_environment(os.environ),
        pass_fds=(pipe.fileno(),),
        start_new_session=True,
    )


def filtered_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Language, zone and folder for temporary files; no secret and no setting of anybody."""
    kept = {name: environment[name] for name in _PASSED_ON if name in environment}
    return {"PATH": "/usr/bin:/bin", **kept}


def _end(process: subprocess.Popen[bytes], pipe: socket.socket) -> None:
    pipe.close()
    # INVARIANT: the process is reaped last, so that its group cannot be somebody else's by now.
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING_S)


def loading_call(start: AdapterStart) -> tuple[int, Word, object]:
    """The first call of a process: which package it is, and the package's own settings."""
    point = start.point
    settings = dict(start.settings.values)
    return LOADING, Word.LOAD, [point.name, point.value, point.group, settings]


def introduce(start: AdapterStart) -> tuple[AdapterProcess, Introduction]:
    """Start a process and hear what it says of its package. Blocks for as long as that takes.

    Raises:
        LoadingFailed: the package made no adapter, or its process did not answer.
    """
    process = AdapterProcess(start)
    try:
        frame = _ask(process.pipe, start)
        return process, introduction_of(frame, start)
    except BaseException:
        process.end()
        raise


def _ask(pipe: socket.socket, start: AdapterStart) -> Frame:
    deadline = time.monotonic() + start.limits.start_s
    reader = FrameReader(min(start.limits.answer_kb * 1024, _MOST_INTRODUCTION))
    try:
        pipe.settimeout(start.limits.start_s)
        pipe.sendall(pack(*loading_call(start)))
        while (left := deadline - time.monotonic()) > 0:
            pipe.settimeout(left)
            data = pipe.recv(_RECEIVED)
            if not data:
                raise LoadingFailed("loading failed: the adapter's process ended")
            for frame in reader.feed(data):
                pipe.setblocking(False)
                return frame
    except FrameError as error:
        raise LoadingFailed(f"loading failed: the adapter's process sent {error}") from error
    except TimeoutError:
        pass
    except OSError as error:
        raise LoadingFailed("loading failed: the adapter's process ended") from error
    raise LoadingFailed(
        f"loading failed: the adapter's process did not load it within {start.limits.start_s:g} s"
    )


def introduction_of(frame: Frame, start: AdapterStart) -> Introduction:
    """What the answer to the first call says.

    Raises:
        LoadingFailed: that it failed, or something that is no introduction.
    """
    if frame.call == LOADING and frame.word == Word.DONE:
        match frame.body:
            case [manifest, str() | None as rules, [*offers]]:
                found = _manifest(manifest)
                known = frozenset(word for word in CAPABILITIES if word in offers)
                return Introduction(found, _rules(rules, found), known)
    if frame.call == LOADING and frame.word == Word.FAILED:
        match frame.body:
            case [str() as reason, manifest]:
                beside = None if manifest is None else _manifest(manifest)
                raise LoadingFailed(reason, beside)
    raise LoadingFailed(f"loading failed: the process of `{start.point.name}` answered otherwise")


def _manifest(form: object) -> Manifest:
    try:
        return read_manifest(form)
    except NoManifest as error:
        raise LoadingFailed(f"the manifest cannot be read: {error}") from error


def _rules(told: str | None, manifest: Manifest) -> Path | None:
    """The rule file, if it is one: the gateway reads it itself, now and at each release."""
    if told is None or not manifest.rules:
        return None
    path = Path(told)
    if path.name != manifest.rules or not path.is_file() or path.stat().st_size > _MOST_RULES:
        raise LoadingFailed(f"rules `{manifest.rules}` of the package are no such file", manifest)
    return path
