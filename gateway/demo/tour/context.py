"""What all parts of the tour share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich import box
from rich.console import Console
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from gateway.audit.log import AuditLog
from gateway.demo.databases import DepartmentSwitch
from gateway.demo.files import DemoDescription, DemoFiles
from gateway.demo.further.departments import Further
from gateway.demo.profiles import Profile
from gateway.demo.tour.client import Answer, GatewayClient
from gateway.settings import Settings
from policies.model import Rule

_CODE_INDENT = 2
_HANGING_INDENT = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked on the tour, for the audit at its end."""

    what: str
    profile: Profile
    answer: Answer


@dataclass(frozen=True, slots=True)
class TourContext:
    """The running demonstration as the tour sees it.

    Attributes:
        rules: by id, for their intent in words.
        program: how a shell calls `credit-gateway`.
        courts_switch: None where no department can be switched off.
        further: departments that keep their data elsewhere than in PostgreSQL.
        asked: every question so far; each part adds its own.
    """

    console: Console
    client: GatewayClient
    settings: Settings
    description: DemoDescription
    files: DemoFiles
    audit: AuditLog
    rules: Mapping[str, Rule]
    program: str
    courts_switch: DepartmentSwitch | None
    further: Further
    asked: list[Asked] = field(default_factory=list)

    async def ask(
        self, what: str, profile: Profile, query: str, variables: Mapping[str, object]
    ) -> Answer:
        """Ask as a profile and remember it."""
        answer = await self.client.ask(profile.name, query, variables)
        self.asked.append(Asked(what, profile, answer))
        return answer

    def heading(self, title_en: str, title_zh: str) -> None:
        self.console.print()
        self.console.print(Line(f"{title_en}  {title_zh}", align="left", characters="="))

    def text(self, text: str) -> None:
        """A paragraph, taken literally."""
        self.console.print(Text(text))

    def code(self, text: str) -> None:
        """Lines of a program or a plan, indented; what is too long goes on further in."""
        for line in text.splitlines():
            indent = " " * (len(line) - len(line.lstrip()) + _CODE_INDENT)
            width = self.console.width - len(indent) - _HANGING_INDENT
            parts = Text(line.strip()).wrap(self.console, max(width, 1))
            for number, part in enumerate(parts):
                further = " " * _HANGING_INDENT if number else ""
                self.console.print(Text(f"{indent}{further}{part.plain.rstrip()}"))

    def to_copy(self, *lines: str) -> None:
        """Lines for a shell: they stay whole, whatever the width."""
        for line in lines:
            self.console.print(Text(f"  {line}"), soft_wrap=True)


def installed_program(interpreter: Path, folder: Path) -> str:
    """How to call `credit-gateway` from a shell in the folder, whatever its search path.

    Args:
        interpreter: the Python that runs this; its environment has the program beside it.
    """
    program = interpreter.with_name("credit-gateway")
    found = str(program.relative_to(folder) if program.is_relative_to(folder) else program)
    return found if program.exists() else f"{interpreter} -m gateway"


def small_table(title: str) -> Table:
    """A table with little ink, so that five columns stand in 80 characters."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
