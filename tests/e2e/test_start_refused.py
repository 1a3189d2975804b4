"""What is wrong with schema or rules stops `check` and `serve` at once, with what is wrong."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.identity.keys import load_or_create_key
from gateway.translog.signers import private_key_pem
from policies.loader import RULES

ROOT = Path(__file__).parents[2]
START_S = 5.0
"""Longest time to a refusal: of the processor, so that a busy machine does not count."""
SETTINGS = """
[store]
url = { file = "store" }
[identity]
issuer = "https://issuer.example"
audience = "credit-gateway"
jwks = "jwks.json"
[keys]
opaque_files = ["opaque"]
audit_file = "audit"
[audit_log]
origin = "log.example/audit"
key_file = "log.pem"
[policies]
folders = ["rules"]
"""


@dataclass(frozen=True)
class Place:
    """A settings file with a folder of rules, which is a copy of those of the gateway."""

    folder: Path

    def edit(self, file: str, before: str, after: str) -> None:
        """Change the first such text of a rule file."""
        path = self.folder / "rules" / file
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), "utf-8")

    def add(self, text: str) -> None:
        """Add a rule file."""
        (self.folder / "rules" / "more.toml").write_text(text, "utf-8")

    def empty(self) -> None:
        """Remove all rule files."""
        for path in (self.folder / "rules").iterdir():
            path.unlink()

    def refusal(self, command: str, code_in: Path = ROOT) -> str:
        """Run a command that must fail; what it said.

        Args:
            code_in: folder whose packages run.
        """
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        settings = str(self.folder / "settings.toml")
        done = subprocess.run(
            [sys.executable, "-m", "gateway", command, "--config", settings],
            cwd=code_in,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode != 0
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert used <= START_S, f"{used:.1f} s until the refusal"
        return done.stdout + done.stderr


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "settings.toml").write_text(SETTINGS, "utf-8")
    for name, content in {
        "store": b"postgresql://nobody@127.0.0.1:1/nothing",
        "opaque": bytes(range(64)),
        "audit": bytes(range(32)),
        "log.pem": private_key_pem(Ed25519PrivateKey.generate()),
    }.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    key = load_or_create_key(tmp_path / "issuer.jwk")
    keys = {"keys": [key.as_dict(private=False)]}
    (tmp_path / "jwks.json").write_bytes(orjson.dumps(keys))
    shutil.copytree(RULES, tmp_path / "rules")
    return Place(tmp_path)


RULE = """
[[rule]]
name = "one"
effect = "permit"
who = ["public"]
purposes = ["PUBLIC_DISPLAY"]
uses = ["read"]
coordinates = ["TaxPayment.paidAmount"]
basis = "样例"
intent = "A rule of a test."
"""
WRONG: dict[str, tuple[Callable[[Place], None], str]] = {
    "unknown coordinate": (
        lambda place: place.edit("tax.toml", '"TaxArrears"', '"TaxArrear"'),
        "tax.toml: rule `public-arrears`: key `coordinates`: found `TaxArrear`, "
        "expected a coordinate of the schema",
    ),
    "unknown purpose": (
        lambda place: place.add(RULE.replace("PUBLIC_DISPLAY", "CURIOSITY")),
        "more.toml: rule `one`: key `purposes`: found `CURIOSITY`",
    ),
    "no rule file": (
        lambda place: place.empty(),
        "found no rule file, expected at least one",
    ),
    "no folder": (
        lambda place: shutil.rmtree(place.folder / "rules"),
        "found no such folder, expected a folder of rule files",
    ),
    "not TOML": (
        lambda place: place.add("[[rule"),
        "end of document)`, expected a TOML file",
    ),
    "a file of the rules is missing": (
        lambda place: (place.folder / "rules" / "closed.toml").unlink(),
        "policy defects, the first: coordinate `",
    ),
    "permit of what others forbid": (
        lambda place: place.add(RULE),
        "more.toml: rule `one`: key `effect`: found `permit` of nothing but what "
        "`closed.authorised-only` forbids",
    ),
    "a name twice": (
        lambda place: place.add((RULE + RULE).replace("TaxPayment.paidAmount", "TaxArrears.uscc")),
        "more.toml: rule `one`: key `name`: found `one` twice, expected a name used once",
    ),
}


@pytest.mark.parametrize(
    ("wrong", "command"),
    [
        ("unknown coordinate", "check"),
        ("permit of what others forbid", "check"),
        ("a file of the rules is missing", "serve"),
        *(
            pytest.param(wrong, "check", marks=pytest.mark.long)
            for wrong in WRONG
            if wrong not in ("unknown coordinate", "permit of what others forbid")
        ),
        pytest.param("unknown coordinate", "serve", marks=pytest.mark.long),
        pytest.param("no folder", "serve", marks=pytest.mark.long),
    ],
)
def test_start_is_refused_for_rules(place: Place, wrong: str, command: str) -> None:
    spoil, sentence = WRONG[wrong]
    spoil(place)
    told = place.refusal(command)
    assert sentence in told
    assert "Traceback" not in told


FIELD = '    announced_on: Date | None = record_field("公告日期", P)\n'
DECLARED = {
    "no class": (
        "    remark: str | None = None\n",
        "field `TaxArrears.remark` has no class: declare it with record_field",
    ),
    "not nullable": (
        '    remark: str = record_field("备注", P)\n',
        "field `TaxArrears.remark` is not nullable, and a rule may deny it: add `| None`",
    ),
}


@pytest.mark.parametrize(
    ("wrong", "command"),
    [
        ("no class", "check"),
        ("not nullable", "check"),
        pytest.param("no class", "serve", marks=pytest.mark.long),
    ],
)
def test_start_is_refused_for_a_field(
    place: Place, tmp_path: Path, wrong: str, command: str
) -> None:
    line, sentence = DECLARED[wrong]
    told = place.refusal(command, code_with(tmp_path / "code", line))
    assert told.rstrip().splitlines()[-1].endswith(sentence)


def test_start_is_refused_for_a_field_that_no_rule_speaks_of(place: Place, tmp_path: Path) -> None:
    line = '    remark: str | None = record_field("备注", P)\n'
    code = code_with(tmp_path / "code", line)
    place.edit("tax.toml", 'coordinates = ["TaxArrears.*"]', 'coordinates = ["TaxArrears.uscc"]')
    assert "coordinate `TaxArrears." in place.refusal("check", code)


def code_with(folder: Path, line: str) -> Path:
    """A copy of the gateway's code with one more field of tax arrears."""
    folder.mkdir()
    for name in ("gateway", "policies", "plugins"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "schema", folder / "schema")
    path = folder / "schema" / "tax.py"
    text = path.read_text("utf-8")
    assert FIELD in text
    path.write_text(text.replace(FIELD, FIELD + line, 1), "utf-8")
    return folder
