"""Writes `docs/errors/README.md`: every error code with the first line of its page."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "errors"
PAGE = FOLDER / "README.md"

INTRODUCTION = """\
# Error codes

Every error that a client sees has a stable code in `extensions.code`, and a page here. \
This list is made from those pages by `make docs`.

| Sort | What it means | Status |
|---|---|---|
| refusal | the gateway answers no operation at all | as the page says |
| request error | the operation does not run; the answer has `errors` only \
| 200 as `application/json`, 400 as `application/graphql-response+json` |
| error with a path | a part of the answer is missing; the rest stands | 200 |

The order of errors in an answer, and their members, are fixed in \
[answers.md](../reference/answers.md), section 8.

"""


def main() -> int:
    """Write the page, or with `--check` compare it; return 0 when all is well."""
    text = render()
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"`{PAGE}` does not match its pages: run `make docs`\n")
        return 1
    return 0


def render() -> str:
    """Return the page as Markdown."""
    pages = sorted(path for path in FOLDER.glob("*.md") if path != PAGE)
    return INTRODUCTION + "".join(
        f"- [{page.stem}]({page.name}): {_gist(page)}\n" for page in pages
    )


def _gist(page: Path) -> str:
    """Return the line under the title."""
    return page.read_text(encoding="utf-8").splitlines()[2]


if __name__ == "__main__":
    sys.exit(main())
