"""An open index, and the threads in which it is asked: a query ends at its deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import duckdb

from gateway.contract import SourceRejected, SourceTimedOut, SourceUnavailable
from gateway.sources.files.engine import open_index
from gateway.sources.files.state import Indexed

T = TypeVar("T")
Work = Callable[[duckdb.DuckDBPyConnection], T]
IndexOpener = Callable[[Path, int, int], duckdb.DuckDBPyConnection]
"""Takes the file of an index, threads and megabytes of memory."""


class OpenIndex:
    """One index with a connection per query that may run at a time.

    It closes when it is retired and its last query has ended, so that a new index disturbs nobody.

    Attributes:
        indexed: what it is made of.
    """

    def __init__(
        self,
        folder: Path,
        indexed: Indexed,
        threads: int,
        memory_mb: int,
        opener: IndexOpener = open_index,
    ) -> None:
        """
        Args:
            opener: opens the index's file; the conformance kit stands in between.

        Raises:
            duckdb.Error: the file is no index.
        """
        self.indexed = indexed
        self._root = opener(folder / indexed.file, 1, memory_mb)
        self._free: asyncio.LifoQueue[duckdb.DuckDBPyConnection] = asyncio.LifoQueue()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="files-kit")
        self._running = 0
        self._is_retired = False
        for _ in range(threads):
            self._free.put_nowait(self._root.cursor())

    async def run(self, work: Work[T], deadline: float, most_s: float) -> T:
        """Do the work with a connection of its own, in a thread.

        Args:
            deadline: `time.monotonic()` value.
            most_s: seconds it may take in any case.

        Raises:
            SourceTimedOut: it was interrupted at the deadline.
            SourceRejected, SourceUnavailable: DuckDB refused, or the file is damaged.
        """
        left = min(deadline - time.monotonic(), most_s)
        self._running += 1
        connection: duckdb.DuckDBPyConnection | None = None
        future: asyncio.Future[T] | None = None
        try:
            async with asyncio.timeout(left):
                connection = await self._free.get()
                loop = asyncio.get_running_loop()
                future = loop.run_in_executor(self._threads, work, connection)
                return await asyncio.shield(future)
        except TimeoutError as error:
            raise SourceTimedOut("the query was interrupted at its deadline") from error
        except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException) as error:
            raise SourceUnavailable("the index cannot be read") from error
        except duckdb.OutOfMemoryException as error:
            raise SourceRejected("the query needs more memory than it may have") from error
        except duckdb.Error as error:
            raise SourceRejected(f"the index refused the query: {type(error).__name__}") from error
        finally:
            self._end(connection, future)

    def _end(
        self, connection: duckdb.DuckDBPyConnection | None, future: asyncio.Future[T] | None
    ) -> None:
        """Give the connection back once its thread is done with it."""
        if connection is None or future is None or future.done():
            self._give_back(connection)
            return
        lent = connection

        def done(ended: asyncio.Future[T]) -> None:
            # Nobody waits for what an interrupted query says.
            if not ended.cancelled():
                ended.exception()
            self._give_back(lent)

        future.add_done_callback(done)
        lent.interrupt()

    def _give_back(self, connection: duckdb.DuckDBPyConnection | None) -> None:
        if connection is not None:
            self._free.put_nowait(connection)
        self._running -= 1
        self._close_if_idle()

    def retire(self) -> None:
        """Close once the last query has ended."""
        self._is_retired = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._is_retired and not self._running:
            self._threads.shutdown(wait=False)
            while not self._free.empty():
                self._free.get_nowait().close()
            self._root.close()
