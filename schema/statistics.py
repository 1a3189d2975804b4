"""Answer types of `recordStatistics`."""

from __future__ import annotations

import strawberry


@strawberry.type(description="分组值 / one field and its value in a group, as text")
class StatisticsValue:
    field: str
    value: str | None


@strawberry.type(description="分组 / one group of records")
class StatisticsGroup:
    values: list[StatisticsValue]
    count: int | None = strawberry.field(description="记录数；null 表示人数过少不予显示")
    sums: list[StatisticsValue]


@strawberry.type(description="记录统计 / counts and sums by group")
class RecordStatistics:
    groups: list[StatisticsGroup]
    suppressed_groups: int = strawberry.field(description="不予显示的小组数 / groups held back")
