"""Puts the npm build of GraphiQL into `build/graphiql/`, where the server finds and offers it.

Two files, each complete in itself: `graphiql.js` defines the globals React, ReactDOM and GraphiQL,
`graphiql.css` holds fonts and pictures inline. The page that uses them is the server's.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "tools" / "graphiql"
MODULES = TOOL / "node_modules"
TARGET = ROOT / "build" / "graphiql"
SCRIPTS = (
    "react/umd/react.production.min.js",
    "react-dom/umd/react-dom.production.min.js",
    "graphiql/graphiql.min.js",
)
STYLES = ("graphiql/graphiql.min.css",)


def main() -> int:
    """Install the locked packages, write the two files, and return 0; say what is missing else."""
    npm = shutil.which("npm")
    if npm is None:
        sys.stderr.write("`npm` is missing: GraphiQL stays away, the query page is not affected\n")
        return 1
    finished = subprocess.run([npm, "ci"], cwd=TOOL, check=False)  # noqa: S603 - fixed command
    if finished.returncode != 0:
        return finished.returncode
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, sources in (("graphiql.js", SCRIPTS), ("graphiql.css", STYLES)):
        text = "\n".join(_read(MODULES / source) for source in sources)
        (TARGET / name).write_text(text, encoding="utf-8")
    return 0


def _read(path: Path) -> str:
    """Return the file without its reference to a source map, which is not served."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("//# sourceMappingURL="))


if __name__ == "__main__":
    sys.exit(main())
