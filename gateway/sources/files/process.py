"""Indexing in a process of its own: it may be large, be slow or die, and the worker answers on.

Run as `python -m gateway.sources.files.process`, with the recipe on its standard input.
"""

from __future__ import annotations

import asyncio
import pickle
import sys

from gateway.sources.files.exchange import take_up
from gateway.sources.files.indexing import Recipe


class IndexingFailedError(Exception):
    """The process ended without having judged the drop, or took too long."""


async def take_up_apart(recipe: Recipe) -> None:
    """Let another process take up the newest drop; what became of it is in the state.

    Raises:
        IndexingFailedError: it died, or was ended because it took too long.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(recipe.source.index_timeout_s):
            await process.communicate(pickle.dumps(recipe))
    except TimeoutError as error:
        raise IndexingFailedError("indexing took too long and was ended") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise IndexingFailedError(f"indexing ended with {process.returncode}")


if __name__ == "__main__":
    # Our own parent wrote it, and nobody else has the other end of this pipe.
    take_up(pickle.load(sys.stdin.buffer))  # noqa: S301
