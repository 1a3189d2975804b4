"""Invented extracts: rows and files in the published layouts. No database here."""

import csv
import io
import json
from dataclasses import dataclass

from plugins.market.registration_import.records import CSV_COLUMNS, JSON_KEYS, PublishedRow
from schema.identifiers import make_uscc

HEADER = ",".join(str(column) for column in CSV_COLUMNS)


@dataclass(frozen=True)
class Extract:
    """Rows that can be written as CSV or JSON."""

    rows: tuple[PublishedRow, ...]

    def csv_text(self, end: str = "\n") -> str:
        """Write the rows as the CSV layout, quoted where needed."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator=end)
        writer.writerow(CSV_COLUMNS)
        writer.writerows(self.rows)
        return text.getvalue()

    def json_text(self) -> str:
        """Write the rows as the JSON layout, one member a line."""
        keys = [str(key) for key in JSON_KEYS]
        records = [dict(zip(keys, row, strict=True)) for row in self.rows]
        return json.dumps({"erDataList": records}, ensure_ascii=False, indent=0)


def code_number(number: int) -> str:
    """Return the code of the invented firm with this number, in a district of the city."""
    return make_uscc("9", "1", "410105", f"MA{number:06d}").code


def row_number(number: int, **changes: str | None) -> PublishedRow:
    """Return the row of the invented firm with this number."""
    row = PublishedRow(
        name=f"郑州样例{number}号商贸有限公司",
        code=code_number(number),
        established_on="2011-03-09",
        enterprise_type="有限责任公司",
        legal_representative="样某",
        capital="1,000(万元)",
        scope="日用百货,文具；食品",
        province="河南",
        city="郑州",
        address=f"郑州市金水区样例路{number}号",
    )
    return replace_row(row, **changes)


def replace_row(row: PublishedRow, **changes: str | None) -> PublishedRow:
    """Return the row with some fields changed."""
    return row._replace(**changes)


def extract_of(count: int) -> Extract:
    """Return an extract of the first invented firms."""
    return Extract(tuple(row_number(number) for number in range(1, count + 1)))
