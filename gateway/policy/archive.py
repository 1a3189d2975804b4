"""Texts of rules that were in force, kept by version, and rules made of them again."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import InternalError
from gateway.store.lending import Lending
from policies.engine import PolicySet
from policies.errors import PolicyLoadError
from policies.loader import RULES, load_policies
from policies.own import OwnRules
from schema.records import MODEL

_KNOWN = "SELECT true FROM policy_text WHERE version = $1"
_KEEP = """
INSERT INTO policy_text (version, content) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING
"""
_READ = "SELECT content FROM policy_text WHERE version = $1"


def rule_texts(folders: Sequence[Path], own: Iterable[OwnRules]) -> bytes:
    """Return rule files as they are now, as canonical JSON.

    Args:
        folders: as settings name them; empty: the rules that come with the gateway.

    Raises:
        OSError, UnicodeDecodeError: a file cannot be read.
    """
    return orjson.dumps(
        {
            "folders": [
                {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.toml"))}
                for folder in (folders or (RULES,))
            ],
            "own": [
                {
                    "code": each.code,
                    "file": each.file,
                    "kinds": sorted(each.type_names),
                    "slug": each.slug,
                    "text": each.text,
                }
                for each in own
            ],
        },
        option=orjson.OPT_SORT_KEYS,
    )


def rules_of(content: bytes, today: dt.date) -> PolicySet:
    """Return the rules of kept texts, as they decide on a day.

    Raises:
        PolicyLoadError: this version of the gateway cannot read them.
    """
    said: dict[str, Any] = orjson.loads(content)
    own = [
        OwnRules(each["slug"], each["code"], frozenset(each["kinds"]), each["file"], each["text"])
        for each in said["own"]
    ]
    with tempfile.TemporaryDirectory() as name:
        folders = []
        for number, files in enumerate(said["folders"]):
            folder = Path(name) / str(number)
            folder.mkdir()
            for file, text in files.items():
                (folder / Path(file).name).write_text(text, "utf-8")
            folders.append(folder)
        return load_policies(MODEL, today, folders, own)


class PolicyArchive:
    """Keeps texts in the store.

    Args:
        texts: reads the rule files as they are now.
    """

    def __init__(self, lending: Lending, texts: Callable[[], bytes]) -> None:
        self._lending = lending
        self._texts = texts

    async def keep(self, policies: PolicySet) -> None:
        """Keep the texts of rules that are about to be in force, unless they are kept already.

        Raises:
            InternalError: the files have changed since they were read, or cannot be read.
        """
        async with self._lending.connection() as connection:
            if await connection.fetchval(_KNOWN, policies.version):
                return
        content = await asyncio.to_thread(self._checked, policies)
        async with self._lending.connection() as connection:
            await connection.execute(_KEEP, policies.version, content)

    def _checked(self, policies: PolicySet) -> bytes:
        try:
            content = self._texts()
            found = rules_of(content, policies.today)
        except (OSError, UnicodeDecodeError, PolicyLoadError) as error:
            raise InternalError(f"the rules in force cannot be kept: {error}") from error
        if found.version != policies.version:
            raise InternalError("the rules in force cannot be kept: their files have changed since")
        return content


async def kept_rules(lending: Lending, version: str, today: dt.date) -> PolicySet:
    """Return the rules of a version that was in force.

    Raises:
        InternalError: they were not kept, were altered, or this version of the gateway reads them
            otherwise.
    """
    async with lending.connection() as connection:
        content = await connection.fetchval(_READ, version)
    if content is None:
        raise InternalError(f"the texts of rules of version `{version[:40]}` are not kept")
    try:
        found = await asyncio.to_thread(rules_of, bytes(content), today)
    except PolicyLoadError as error:
        raise InternalError(
            f"the rules of version `{version[:40]}` cannot be read by this gateway: {error}"
        ) from error
    if found.version != version:
        raise InternalError(
            f"the texts kept for version `{version[:40]}` make version `{found.version}`: they "
            "were altered, or fields have been classified otherwise since"
        )
    return found
