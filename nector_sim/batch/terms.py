"""What a run is of, by which a later one knows whether it may go on; and where it may write."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from nector_sim._version import __version__
from nector_sim.batch.sources import InputFiles
from nector_sim.batch.work import Work
from nector_sim.errors import InputError
from nector_sim.places import Place
from nector_sim.rules.program import Program

_WORDS = {
    "program": "another program",
    "programs": "other programs",
    "inputs": "other orders",
    "opening": "other opening balances",
    "grants": "other grants",
    "refunds": "other refunds",
    "options": "other options",
    "names": "other names of the results",
    "versions": "other versions of the software",
}


def describe_program(program: Program) -> dict[str, str]:
    """Its name and the SHA-256 of its file as the package writes it."""
    return {"name": program.name, "sha256": hashlib.sha256(program.to_toml().encode()).hexdigest()}


def describe_table(table: pa.Table | None) -> str | None:
    """SHA-256 of a table, for columns and rows that are the same."""
    if table is None:
        return None
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()


def versions() -> dict[str, str]:
    """Of all that the bytes of an output depend on."""
    return {
        "nector_sim": __version__,
        "polars": pl.__version__,
        "pyarrow": pa.__version__,
        "numpy": np.__version__,
    }


def check_same_terms(there: dict[str, Any], now: dict[str, Any], what: str, way_on: str) -> None:
    """Raise InputError, saying what differs, if what is there is of other terms than now."""
    differs = [name for name in now if there.get(name) != now[name]]
    if differs:
        said = " and ".join(_WORDS.get(name, f"other {name}") for name in differs)
        raise InputError(f"{what} is of {said}; {way_on}, or write elsewhere")


def check_places(inputs: InputFiles, work: Work, *more: Place | None) -> None:
    """Raise InputError if an output is the input, would be read as input the next time, or has no folder."""
    for out in filter(None, (work.out, work.manifest, *more)):
        for source in inputs.sources:
            if out.holds(source.place):
                raise InputError(f"{out} is also the input; write the results elsewhere")
        for folder in filter(Place.is_folder, inputs.given):
            if folder.holds(out):
                raise InputError(f"{out} is in the folder {folder} of the orders, and would be read as orders the next "
                                 "time; write the results elsewhere")  # fmt: skip
        if out.is_local and not out.local.absolute().parent.is_dir():
            raise InputError(f"{out} cannot be written: there is no folder {out.local.parent}; make it first")
        if out.is_local and not os.access(out.local.absolute().parent, os.W_OK):
            raise InputError(f"{out} cannot be written: nothing can be written into {out.local.absolute().parent}; "
                             "have its permissions changed, or write elsewhere")  # fmt: skip
    if work.is_folder and work.out.exists() and not work.out.is_folder():
        raise InputError(f"{work.out} is a file; give it the ending .csv, .parquet or .xlsx, or name a folder")
