"""Libraries that can be missing, the extra that brings each, and the line to type."""

from __future__ import annotations

import importlib
from typing import Any

#: Every library beyond the light core that the package imports, by the name it is imported by.
EXTRA_OF = {
    "charset_normalizer": "frames",
    "filelock": "frames",
    "numba": "frames",
    "numpy": "frames",
    "pandas": "frames",
    "polars": "frames",
    "pyarrow": "frames",
    "matplotlib": "pictures",
    "fastexcel": "excel",
    "xlsxwriter": "excel",
    "rich": "commands",
    "typer": "commands",
    "anywidget": "lab",
    "ipywidgets": "lab",
    "jupyterlab": "lab",
    "aiohttp": "urls",
    "fsspec": "urls",
    "s3fs": "s3",
    "cryptography": "dask",
    "distributed": "dask",
    "pyspark": "spark",
    "chainladder": "actuarial",
    "scipy": "estimates",
    "statsmodels": "estimates",
    "tea_tasting": "experiments",
    "httptools": "sandbox",
    "sqlalchemy": "sandbox",
    "starlette": "sandbox",
    "uvicorn": "sandbox",
    "psycopg": "postgres",
}
#: What the extra ``commands`` brings as well; a command that misses one of them is likely to miss the next.
_OF_COMMANDS = ("frames", "pictures", "excel")


def pip_line(extra: str) -> str:
    """What to type to have an extra."""
    return f'pip install "nector-sim[{extra}]"'


def named(error: ModuleNotFoundError, what: str, *, command: bool = False) -> str | None:
    """Say which extra brings the library that `what` misses; None if no extra does."""
    library = (error.name or "").partition(".")[0]
    extra = EXTRA_OF.get(library)
    if extra is None:
        return None
    if command and extra in _OF_COMMANDS:
        extra = "commands"
    return f"{what} needs {library}, which is not installed: {pip_line(extra)}"


def library(name: str, what: str) -> Any:
    """Import a library that may be missing; InputError says what needs it, and which extra brings it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (said := named(error, what)) is None:
            raise
        # Here: the package imports this file before a command takes care of Ctrl+C.
        from nector_sim.errors import InputError

        raise InputError(said) from None
