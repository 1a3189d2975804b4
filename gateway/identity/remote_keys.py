"""Keys of an outside authorization server, fetched with care and kept fresh.

They are read when the gateway opens, every few minutes, and soon after a token names an unknown
key. What cannot be read leaves the keys that are known in place, so that neither a restart of the
authorization server nor a broken document takes the gateway away.

Source: RFC 7517 section 5; RFC 8725 section 3.10 (where keys come from is never a token's word).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import httpx
import orjson
import structlog

from gateway.errors import InternalError
from gateway.identity.keys import VerifyingKey, keys_by_id

EVERY_S = 300.0
SOONEST_S = 10.0
"""Unknown keys are asked for at most this often, however many tokens name one."""
MOST_BYTES = 100_000

_TIMEOUT_S, _WHOLE_S = 5.0, 10.0
_FAILURES = (httpx.HTTPError, TimeoutError)

_log = structlog.get_logger(__name__)


class RemoteKeys(Mapping[str, VerifyingKey]):
    """The keys under a URL; a mapping that changes as they do."""

    def __init__(
        self,
        url: str,
        algorithm: str,
        *,
        every_s: float = EVERY_S,
        soonest_s: float = SOONEST_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """
        Args:
            url: `https`, or `http` on a loopback address; settings see to it.
            transport: another way to the server, for tests.
        """
        self._url = url
        self._algorithm = algorithm
        self._every_s = every_s
        self._soonest_s = soonest_s
        self._keys: Mapping[str, VerifyingKey] = MappingProxyType({})
        self._missed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        # no environment: neither a proxy nor credentials from files are meant for this
        self._http = httpx.AsyncClient(
            timeout=_TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,
            transport=transport,
            headers={"accept": "application/json", "accept-encoding": "identity"},
        )

    async def open(self) -> None:
        """Read the keys, then keep them fresh until `aclose`.

        Raises:
            InternalError: they cannot be read.
        """
        try:
            self._keys = await self._fetch()
        except _FAILURES as error:
            await self._http.aclose()
            raise InternalError(
                f"the keys of the authorization server cannot be read: {type(error).__name__}"
            ) from error
        except InternalError:
            await self._http.aclose()
            raise
        self._task = asyncio.get_running_loop().create_task(self._keep_fresh())

    async def aclose(self) -> None:
        """Stop."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._http.aclose()

    def __getitem__(self, kid: str) -> VerifyingKey:
        found = self._keys.get(kid)
        if found is None:
            self._missed.set()
            raise KeyError(kid)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(self._soonest_s)
            try:
                async with asyncio.timeout(max(0.0, self._every_s - self._soonest_s)):
                    await self._missed.wait()
            except TimeoutError:
                pass
            self._missed.clear()
            try:
                self._keys = await self._fetch()
            except (*_FAILURES, InternalError) as error:
                _log.warning("issuer_keys_not_read", error=type(error).__name__)

    async def _fetch(self) -> Mapping[str, VerifyingKey]:
        """Read the keys.

        Raises:
            httpx.HTTPError, TimeoutError: the server does not answer.
            InternalError: it answers something else.
        """
        async with (
            asyncio.timeout(_WHOLE_S),
            self._http.stream("GET", self._url) as response,
        ):
            if response.status_code != 200:
                raise InternalError(f"the key set was answered with {response.status_code}")
            content = b""
            async for part in response.aiter_bytes():
                content += part
                if len(content) > MOST_BYTES:
                    raise InternalError(f"the key set is larger than {MOST_BYTES} bytes")
        try:
            document = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise InternalError("the key set is no JSON") from error
        if not isinstance(document, dict):
            raise InternalError("the key set is no object")
        return keys_by_id(document, self._algorithm)
