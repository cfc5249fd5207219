"""Options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from api.words import Lang

LangOption = Annotated[Optional[Lang], typer.Option("--lang", help="en or zh; else by the locale")]
JsonOption = Annotated[bool, typer.Option("--json", help="figures and faults as JSON on stdout")]
DebugOption = Annotated[bool, typer.Option("--debug", help="show the traceback of a defect")]
ForceOption = Annotated[bool, typer.Option("--force", help="write over what is there")]
NetworkOption = Annotated[
    Optional[Path], typer.Option("--network", help="in place of the problem's own")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1)]
