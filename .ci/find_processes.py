"""Fails when a process names the given folder on its command line or works in it."""

import os
import sys
from pathlib import Path


def main(folder: str) -> int:
    """Print such processes, other than this one and those above it; return 1 if there are any."""
    own = set(_line_of_parents(os.getpid()))
    found = False
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) in own:
            continue
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
            is_inside = str((process / "cwd").readlink()).startswith(folder)
        except OSError:
            continue
        if is_inside or os.fsencode(folder) in command:
            print(f"left behind: {process.name} {command.decode(errors='replace')}")
            found = True
    return 1 if found else 0


def _line_of_parents(process_id: int) -> list[int]:
    line = []
    while process_id > 1:
        line.append(process_id)
        status = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
        process_id = int(status.rpartition(")")[2].split()[1])
    return line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
