"""The process between us and PostgreSQL: it ends the server when we stop it, and when we die.

Run as a script in a session of its own, so that Ctrl-C in a terminal reaches us and not the server.
It imports nothing but the standard library, because it is started without our environment.

The server is shut down when standard input closes or when the parent process is another than at the
start. Two signs, because a process forked by the parent may keep the pipe open. Should this process
itself be killed, the kernel tells the server to shut down.
"""

import argparse
import ctypes
import os
import select
import signal
import subprocess
import sys

_LOOK_EVERY_MS = 250
_FAST_SHUTDOWN_S = 60.0
_IMMEDIATE_SHUTDOWN_S = 10.0
# Source: prctl(2).
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Run the server until it ends, or until the parent stops or dies.

    Returns:
        0 after an orderly shutdown, otherwise the server's exit code (1 when a signal ended it).
    """
    options = _parse_arguments()
    library = ctypes.CDLL(None)
    server = subprocess.Popen(  # noqa: S603 - the command is built by our launcher
        options.command,
        stdin=subprocess.DEVNULL,
        user=options.user,
        group=options.group,
        extra_groups=None if options.user is None else [],
        pass_fds=[options.keep],
        # This process has one thread, so that running Python between fork and exec is safe. The
        # user has been changed by then, which would have cleared the request.
        preexec_fn=lambda: library.prctl(_PR_SET_PDEATHSIG, signal.SIGINT),
    )
    _wait_for_end(server, options.parent)
    code = _shut_down(server)
    return code if code >= 0 else 1


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True, help="process id of the starter")
    parser.add_argument("--keep", type=int, required=True, help="descriptor for the server to hold")
    parser.add_argument("--user", type=int, help="user id of the server")
    parser.add_argument("--group", type=int, help="group id of the server")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def _wait_for_end(server: subprocess.Popen[bytes], parent: int) -> None:
    """Return when the server has ended, the pipe is closed, or the parent is gone."""
    pipe = select.poll()
    pipe.register(sys.stdin.fileno(), select.POLLIN | select.POLLHUP)
    while server.poll() is None and os.getppid() == parent:
        if pipe.poll(_LOOK_EVERY_MS):
            return


def _shut_down(server: subprocess.Popen[bytes]) -> int:
    """Ask for a fast shutdown, then for an immediate one, then kill; return the exit code.

    Source: PostgreSQL documentation, section "Shutting Down the Server".
    """
    for number, patience_s in (
        (signal.SIGINT, _FAST_SHUTDOWN_S),
        (signal.SIGQUIT, _IMMEDIATE_SHUTDOWN_S),
    ):
        if server.poll() is None:
            server.send_signal(number)
        try:
            return server.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            continue
    server.kill()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
