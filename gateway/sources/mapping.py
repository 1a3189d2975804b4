"""How one department's table answers for one record kind, as data.

A mapping names a table and, per schema field, the native column with its unit, code list or
date form. It holds no query: the kit writes those. Every column form says what is stored and
therefore what is shown; a field that is not mapped is one that the department does not supply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schema.codes import RecordKind


@dataclass(frozen=True, slots=True)
class Text:
    """Text column, shown as it is; the empty string counts as missing."""

    column: str


@dataclass(frozen=True, slots=True)
class DateColumn:
    """Column of type `date`."""

    column: str


@dataclass(frozen=True, slots=True)
class TextDate:
    """Text column `YYYYMMDD`; anything else counts as missing and as a bad row in quality."""

    column: str


@dataclass(frozen=True, slots=True)
class Timestamp:
    """Column of type `timestamptz`, shown in UTC without fraction of a second."""

    column: str


@dataclass(frozen=True, slots=True)
class LocalTimestamp:
    """Column of type `timestamp` without zone, written by a source in the named zone."""

    column: str
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Amount:
    """Numeric column of money; `yuan_per_unit` is 1 for 元 and 10000 for 万元."""

    column: str
    yuan_per_unit: int = 1


@dataclass(frozen=True, slots=True)
class DecimalColumn:
    """Numeric column shown with a fixed number of decimals."""

    column: str
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class Integer:
    column: str


@dataclass(frozen=True, slots=True)
class Flag:
    """Column that means true for the listed native values (as text), false for any other."""

    column: str
    true_values: tuple[str, ...] = ("true",)


@dataclass(frozen=True, slots=True)
class Code:
    """Native code translated to a member of the schema's code list.

    Attributes:
        translation: schema member by native code (as text). A native code that is not listed
            shows as missing and is a bad row in quality.
    """

    column: str
    translation: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TextList:
    """`text[]` column."""

    column: str


@dataclass(frozen=True, slots=True)
class CodeList:
    """`text[]` column of native codes, translated one by one; unlisted codes are left out."""

    column: str
    translation: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CodeColumns:
    """Several columns of one native code each, shown as one list in the order of the columns.

    Missing and unlisted codes are left out.
    """

    columns: tuple[str, ...]
    translation: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """Leaf of a list of parts held in a `jsonb` array column: one JSON key of each element.

    Attributes:
        column: the jsonb column; all leaves of one list name the same.
        key: key in each element.
        translation: like `Code`, if the key holds a native code.
        yuan_per_unit: set if the key holds an amount of money.
    """

    column: str
    key: str
    translation: Mapping[str, str] | None = None
    yuan_per_unit: int | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value for every record of the table."""

    value: str | int | bool


Column = (
    Text
    | DateColumn
    | TextDate
    | Timestamp
    | LocalTimestamp
    | Amount
    | DecimalColumn
    | Integer
    | Flag
    | Code
    | TextList
    | CodeList
    | CodeColumns
    | Part
    | Constant
)


@dataclass(frozen=True, slots=True)
class KindMapping:
    """One record kind in one table (or view).

    Attributes:
        table: schema-qualified name.
        record_id: column unique within the table and never reused; text, unless the mapping says
            that it is not.
        organisation: column with the code of the organisation that the record is about;
            null where it is about a person. Needs an index that begins with it.
        person: column with the network reference of a person (without `P:`), None if the table
            has no persons. Needs an index too.
        columns: by schema field name. `meta.decidedOn` is needed: it is the default order.
        has_text_id: false where record ids are numbers or UUIDs in the source; they are shown,
            compared and ordered as the text that they are written as.
        changed_at: column of type `timestamptz`, in MySQL `TIMESTAMP(6)`, that the database's clock
            sets whenever a record is entered or altered; needs an index on it and the record id.
            None: changes are not told by a column.
    """

    kind: RecordKind
    table: str
    record_id: str
    organisation: str
    columns: Mapping[str, Column]
    person: str | None = None
    has_text_id: bool = True
    changed_at: str | None = None
