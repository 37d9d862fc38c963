"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ProgramFile = Annotated[Path, typer.Option("--program", "-p", help="Program file, TOML or JSON.")]
AssumptionsFile = Annotated[Path, typer.Option("--assumptions", "-a", help="Assumptions file, TOML.")]
