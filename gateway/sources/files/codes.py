"""Codes of organisations in a draft: nearly all are judged in SQL, the odd ones one by one."""

from __future__ import annotations

import duckdb

from gateway.sources.files.code_rules import judge_code
from gateway.sources.files.engine import literal
from gateway.sources.files.refusals import Refusal, Rule
from gateway.sources.measuring import USCC_PATTERN, USCC_WEIGHTS
from schema.identifiers.uscc import USCC_ALPHABET

CREATE = "CREATE TEMP TABLE codes (raw VARCHAR, code VARCHAR, rule VARCHAR)"
"""The odd codes: `raw` as it stands in the file, `code` in canonical form or `rule` why not."""


def is_code_sql(text: str) -> str:
    """SQL boolean: a code in canonical form, as `schema.identifiers.uscc.is_uscc` says."""
    alphabet = literal(USCC_ALPHABET)
    total = " + ".join(
        f"(strpos({alphabet}, {text}[{place}:{place}]) - 1) * {weight:d}"
        for place, weight in enumerate(USCC_WEIGHTS, 1)
    )
    return (
        f"(CASE WHEN regexp_matches({text}, {literal(USCC_PATTERN)}) "
        f"THEN ({total}) % 31 = 0 ELSE false END)"
    )


def judge_codes(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    """Add the odd codes of a column to the table `codes`.

    Args:
        table, column: quoted.
    """
    found = connection.execute(
        # Looked at once each: a subject has several records, and the check digit takes its time.
        f"WITH found AS MATERIALIZED (SELECT DISTINCT {column} AS c FROM {table} r) "
        f"SELECT c FROM found WHERE c IS NOT NULL AND NOT {is_code_sql('c')} "
        "AND c NOT IN (SELECT raw FROM codes)"
    ).fetchall()
    raws, codes, rules = [], [], []
    for (raw,) in found:
        judged = judge_code(raw)
        raws.append(raw)
        codes.append(None if isinstance(judged, Refusal) else judged.code)
        rules.append(judged.rule.value if isinstance(judged, Refusal) else None)
    if raws:
        connection.execute(
            "INSERT INTO codes SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), "
            "unnest(?::VARCHAR[])",
            [raws, codes, rules],
        )


MISSING = Rule.MISSING_CODE.value
