"""Run the service in this process until it is told to stop; requests in flight are finished."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path

import uvicorn

from api.app import create_app
from api.settings import PREFIX, Settings


def run(host: str, port: int, networks: Path | None = None) -> None:
    """Serve with the settings of the environment; ``networks`` goes before its variable.

    Raises
    ------
    InputError : a ``CAREROUTE_*`` variable cannot be used.
    """
    environ = dict(os.environ)
    if networks is not None:
        environ[PREFIX + "NETWORKS"] = str(networks)
    settings = Settings.from_env(environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # uvicorn ends gracefully, then raises the signal again: a stop that was asked for is no crash.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        access_log=False,  # it would write addresses with their parameters; RequestLog does not
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=round(settings.max_seconds + settings.overhead_s),
    )
