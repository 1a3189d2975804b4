"""How each target runs: on the gateway's settings and under the gateway's own server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from gateway.app import server_config
from gateway.settings import Settings, load_settings


def run_target(make: Callable[[Settings], ASGIApp]) -> None:
    """Serve what is made of the settings file named first, on the port named second."""
    settings = load_settings(Path(sys.argv[1]))
    server = replace(settings.server, port=int(sys.argv[2]))
    uvicorn.Server(server_config(make(settings), server)).run()
