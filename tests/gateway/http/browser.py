"""A headless Chromium, driven through pipes by its own DevTools protocol; nothing to install.

Source: Chromium's switch `--remote-debugging-pipe`: commands on descriptor 3, answers on
descriptor 4, each JSON text ended by a zero byte.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
ANSWER_S = 20.0

# Becomes the browser with the two pipes as descriptors 3 and 4, as its protocol wants them.
_AS_3_AND_4 = """
import os, sys
commands, answers = (os.dup2(int(each), 100 + at) for at, each in enumerate(sys.argv[1:3]))
os.dup2(commands, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def browser_program() -> str:
    """Return the path of a browser; skips where there is none."""
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    pytest.skip(f"no browser is installed: none of {', '.join(NAMES)}")


class Page:
    """One tab.

    Attributes:
        complaints: what the page logged as warning or error, refused loads included.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._session: str | None = None
        self.complaints: list[str] = []

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Run one command of the protocol and return its result."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._writer.write(orjson.dumps(message) + b"\0")
        async with asyncio.timeout(ANSWER_S):
            while True:
                answer = orjson.loads((await self._reader.readuntil(b"\0"))[:-1])
                self._listen(answer)
                if answer.get("id") == number:
                    assert "error" not in answer, answer["error"]
                    result: dict[str, Any] = answer["result"]
                    return result

    def _listen(self, event: dict[str, Any]) -> None:
        """Keep what the page complains about."""
        if event.get("method") == "Log.entryAdded":
            entry = event["params"]["entry"]
            if entry["level"] in ("warning", "error"):
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
        elif event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(event["params"]["exceptionDetails"]))

    async def open(self, address: str, width: int, height: int, language: str) -> None:
        """Open an address in a window of that size."""
        if self._session is None:
            target = await self.command("Target.createTarget", url="about:blank")
            attached = await self.command(
                "Target.attachToTarget", targetId=target["targetId"], flatten=True
            )
            self._session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log"):
                await self.command(f"{domain}.enable")
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        agent = (await self.command("Runtime.evaluate", expression="navigator.userAgent"))["result"]
        await self.command(
            "Emulation.setUserAgentOverride", userAgent=agent["value"], acceptLanguage=language
        )
        await self.command("Page.navigate", url=address)

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page; awaits it if it is a promise."""
        answer = await self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def wait_for(self, condition: str) -> None:
        """Wait until an expression is true; the page itself looks at each frame."""
        look = (
            "new Promise((done) => { const look = () => { let is = false;"
            f" try {{ is = Boolean({condition}); }} catch {{ is = false; }}"
            " if (is) done(true); else setTimeout(look, 20); }; look(); })"
        )
        assert await self.evaluate(look)

    async def press(self, key: str, code: int = 0, modifiers: int = 0, text: str = "") -> None:
        """Press and release one key."""
        for kind in ("keyDown", "keyUp"):
            await self.command(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                modifiers=modifiers,
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    async def screenshot(self, path: Path) -> None:
        """Save a picture of the whole page."""
        taken = await self.command("Page.captureScreenshot", captureBeyondViewport=True)
        await asyncio.to_thread(_save, path, base64.b64decode(taken["data"]))


def _save(path: Path, picture: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)


@asynccontextmanager
async def browsing() -> AsyncIterator[Page]:
    """Run a browser with a fresh profile; it ends with the block."""
    program = browser_program()
    loop = asyncio.get_running_loop()
    commands_out, commands_in = os.pipe()
    answers_out, answers_in = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _AS_3_AND_4,
            str(commands_out),
            str(answers_in),
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            pass_fds=(commands_out, answers_in),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        os.close(commands_out)
        os.close(answers_in)
        reader = asyncio.StreamReader(limit=64_000_000)
        read_transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(answers_out, "rb")
        )
        write_transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(commands_in, "wb")
        )
        try:
            yield Page(reader, asyncio.StreamWriter(write_transport, protocol, None, loop))
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            read_transport.close()
            write_transport.close()
