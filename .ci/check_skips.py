"""Fails when a test was skipped for a reason that the list of allowed reasons does not hold."""

import sys
from pathlib import Path

# The file is our own test run's; it comes from nobody else.
from xml.etree import ElementTree


def main(report: str, allowed: str) -> int:
    """Print each skip that is not allowed; return 1 if there is one or if no test ran at all."""
    lines = Path(allowed).read_text(encoding="utf-8").splitlines()
    reasons = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))  # noqa: S314
    skips = [(case, skip) for case in cases for skip in case.iter("skipped")]
    bad = [(case, skip) for case, skip in skips if skip.get("message") not in reasons]
    for case, skip in bad:
        print(f"skipped: {case.get('classname')}.{case.get('name')}: {skip.get('message')}")
    return 1 if bad or len(skips) == len(cases) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
