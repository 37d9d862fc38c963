"""Settings of a program: a grid over its fields by dotted path, every setting checked by the models.

A grid of thousands of settings is not validated setting by setting. The fields that it changes belong to a few parts of
the program (an offer, the minimum payable …) which the models check independently of each other; so each combination
*within* a part is validated once, and a setting is a choice of one variant for each part.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from nector_sim.errors import InputError, Problem, ProgramError
from nector_sim.results import count
from nector_sim.rules.files import read_fields
from nector_sim.rules.offers import Offer
from nector_sim.rules.paths import INSTEAD, changed, unknown_path
from nector_sim.rules.program import Program
from nector_sim.rules.values import read_percentage

Mode = Literal["product", "zip"]
Codes = npt.NDArray[np.int32]

#: Columns of a sweep's table beside the swept fields, roughly, and how often the table is held while it is made.
_COLUMNS, _COPIES = 24, 3
#: Percentages that a merchant gives as whole numbers, so that a share between 0 and 1 is asked about.
_ASKED = (".percent", ".max_percent", ".max_discount_percent")
_OFFER: TypeAdapter[Any] = TypeAdapter(Offer)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the program that a grid changes: ``offers.0``, ``min_payable``, ``enabled``."""

    columns: tuple[int, ...]
    """Positions of the grid's paths that lie in it."""
    choices: tuple[tuple[Any, ...], ...]
    """Each variant's values of those paths."""
    models: tuple[Any, ...]
    """Each variant, as the program's models hold it."""
    codes: Codes
    """Which variant each setting has, shape ``(settings,)``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Many settings of one program.

    Attributes
    ----------
    program : Program
        What they are settings of.
    paths : tuple of str
        Dotted paths of the fields that differ.
    values : tuple of tuple
        For each path the values that it takes; None where the field is left out.
    codes : ndarray of int32, shape (settings, paths)
        Which value each setting has.
    """

    program: Program
    paths: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    codes: Codes
    parts: Mapping[str, Part] = field(repr=False)

    def __len__(self) -> int:
        return len(self.codes)

    def setting(self, position: int) -> dict[str, Any]:
        """Values of one setting by path."""
        row = self.codes[position]
        return {path: values[code] for path, values, code in zip(self.paths, self.values, row, strict=True)}

    def program_of(self, position: int) -> Program:
        """Build the program of one setting."""
        setting = self.setting(position)
        return Program.parse(changed(self.program, setting), source=f"the setting {_words(setting)}")

    def column(self, path: str) -> npt.NDArray[Any]:
        """Values of one path over the settings: numbers as float64 or int64, None as NaN."""
        position = self.paths.index(path)
        return _as_column(self.values[position])[self.codes[:, position]]


def make_settings(program: Program, grid: Mapping[str, Sequence[Any]], *, mode: Mode = "product") -> Settings:
    """Make settings from a grid."""
    paths = tuple(grid)
    values = _values(program, grid)
    lengths = [len(column) for column in values]
    if mode not in ("product", "zip"):
        raise InputError(f'The mode {mode!r} is unknown; it is "product" or "zip"')
    if mode == "zip" and len(set(lengths)) > 1:
        listed = [Problem(path, f"has {length} values") for path, length in zip(paths, lengths, strict=True)]
        raise InputError("Under zip every path needs equally many values:", listed)
    check_memory(math.prod(lengths) if mode == "product" else lengths[0], len(paths))
    if mode == "product":
        codes: Codes = np.indices(lengths, dtype=np.int32).reshape(len(paths), -1).T
    else:
        codes = np.repeat(np.arange(lengths[0], dtype=np.int32)[:, None], len(paths), axis=1)
    return Settings(program, paths, values, codes, _parts(program, paths, values, codes, mode))


class Grid(dict[str, list[Any]]):
    """Lists of values by dotted path, and the ``mode`` that their file asks for."""

    mode: Mode = "product"


#: What may stand wherever a grid is asked for: lists of values by dotted path, or a grid file.
GridLike = Mapping[str, Sequence[Any]] | str | Path


def load_grid(path: str | Path) -> Grid:
    """Read a grid file: dotted paths with lists of values, and ``mode``.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.toml`` file or the URL of one, such as ``offers.0.max_discount = [200, 500]`` and ``mode = "zip"``.

    Returns
    -------
    Grid
        A dict of lists by dotted path, as ``grid=`` of :func:`nector_sim.sweep` takes it, with the file's ``mode``.

    Raises
    ------
    InputError
        If it cannot be read or is not such a table.
    """
    data = read_fields(path, "a grid file")
    grid = Grid()
    grid.mode = data.pop("mode", "product")
    _flatten(data, "", grid)
    return grid


def as_grid(given: GridLike, mode: Mode | None) -> tuple[Mapping[str, Sequence[Any]], Mode]:
    """Take a grid or the path of its file, with the mode that is asked for, else the file's own."""
    grid = load_grid(given) if isinstance(given, str | Path) else given
    if mode is None:
        mode = grid.mode if isinstance(grid, Grid) else "product"
    return grid, mode


def check_memory(rows: int, paths: int) -> None:
    """Refuse a table that memory would not hold."""
    needed, there = rows * (paths + _COLUMNS) * 8 * _COPIES, _memory()
    if needed > there:
        raise InputError(
            f"The grid gives {count(rows, 'setting')}, whose table needs about {needed / 2**30:,.0f} GiB; this "
            f"machine has "
            f"{there / 2**30:,.1f} GiB. Give fewer values, or sweep a part of them at a time"
        )


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 8 * 2**30  # where the system does not say, as on Windows


def _flatten(data: Mapping[str, Any], prefix: str, grid: dict[str, list[Any]]) -> None:
    for name, value in data.items():
        if isinstance(value, Mapping):
            _flatten(value, f"{prefix}{name}.", grid)
        else:
            grid[f"{prefix}{name}"] = value


def _values(program: Program, grid: Mapping[str, Sequence[Any]]) -> tuple[tuple[Any, ...], ...]:
    """Every path's values as plain numbers, and every path known; all that is wrong is said at once."""
    problems: list[Problem] = []
    columns: list[tuple[Any, ...]] = []
    if not grid:
        raise InputError("The grid is empty; give at least one path with its values, such as offers.0.max_discount")
    for path, given in grid.items():
        if not isinstance(path, str):
            problems.append(Problem(str(path), "is no dotted path, such as offers.0.max_discount"))
            continue
        if isinstance(given, str | bytes | Mapping) or not hasattr(given, "__iter__"):
            problems.append(Problem(path, f"is {given!r}; give a list of values"))
            continue
        column = []
        for value in given:
            try:
                column.append(_read(value, path))
            except ValueError as error:
                problems.append(Problem(path, str(error)))
        if not column and not problems:
            problems.append(Problem(path, "has no values"))
        columns.append(tuple(column))
        problems += unknown_path(program, path, lists=False)
    for (part, name), (other, _) in INSTEAD.items():
        if f"{part}.{name}" in grid and f"{part}.{other}" in grid and name < other:
            problems.append(Problem(f"{part}.{name}", f"and {part}.{other} exclude each other; sweep one at a time"))
    if problems:
        raise InputError("The grid cannot be used:", problems)
    return tuple(columns)


def _read(value: Any, path: str) -> Any:
    """Numpy's numbers as Python's, the word for leaving a field out as None; some percentages are asked about."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str) and value.lower() == "none":
        return None
    share = isinstance(value, int | float | Decimal) and 0 < value < 1
    meant = isinstance(value, str) and value.strip().endswith("%")
    return read_percentage(value) if path.endswith(_ASKED) and (share or meant) else value


def _part_of(path: str) -> str:
    names = path.split(".")
    return ".".join(names[:2]) if names[0] == "offers" else names[0]


def _parts(
    program: Program, paths: tuple[str, ...], values: tuple[tuple[Any, ...], ...], codes: Codes, mode: Mode
) -> dict[str, Part]:
    groups: dict[str, list[int]] = {}
    for position, path in enumerate(paths):
        groups.setdefault(_part_of(path), []).append(position)
    parts: dict[str, Part] = {}
    problems: dict[tuple[str, str], Problem] = {}
    for key, columns in groups.items():
        sizes = [len(values[column]) for column in columns]
        if mode == "product":
            rows = list(itertools.product(*(range(size) for size in sizes)))
            part_codes: Any = np.ravel_multi_index(tuple(codes[:, column] for column in columns), sizes)
        else:
            # Values that stand side by side more than once are one variant.
            texts = [repr([values[column][row] for column in columns]) for row in range(sizes[0])]
            first = {text: row for row, text in reversed(list(enumerate(texts)))}
            place = {text: code for code, text in enumerate(first)}
            rows, part_codes = [(row,) * len(columns) for row in first.values()], np.array([place[t] for t in texts])
        choices = tuple(tuple(values[column][code] for column, code in zip(columns, row, strict=True)) for row in rows)
        names = [paths[column] for column in columns]
        models = _variants(program, key, [dict(zip(names, choice, strict=True)) for choice in choices], problems)
        parts[key] = Part(tuple(columns), choices, models, part_codes.astype(np.int32))
    if problems:
        raise InputError("The grid cannot be used:", list(problems.values()))
    return parts


def _variants(
    program: Program, key: str, choices: list[dict[str, Any]], problems: dict[tuple[str, str], Problem]
) -> tuple[Any, ...]:
    """Validate each combination of a part: the whole program for those that bring in a new value, else the part."""
    seen: set[tuple[str, str]] = set()
    models = []
    name, _, position = key.partition(".")
    offer = program.offers[int(position)].model_dump(exclude_none=True) if position else {}
    for choice in choices:
        new = {(path, repr(value)) for path, value in choice.items()} - seen
        if position and not new:
            fields = offer | {path.rpartition(".")[2]: value for path, value in choice.items()}
            try:
                models.append(_OFFER.validate_python(fields))
                continue
            except ValidationError:
                pass  # the whole program says it better
        try:
            whole = Program.parse(changed(program, choice))
        except ProgramError as error:
            for problem in error.problems:
                problems.setdefault((problem.place, problem.what), problem)
            continue
        seen |= new
        models.append(getattr(whole, name)[int(position)] if position else getattr(whole, name))
    return tuple(models)


def _as_column(values: tuple[Any, ...]) -> npt.NDArray[Any]:
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return np.array(values, dtype=np.int64)
    if all(value is None or isinstance(value, int | float | Decimal) for value in values) and not any(
        isinstance(value, bool) for value in values
    ):
        return np.array([math.nan if value is None else float(value) for value in values])
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _words(setting: Mapping[str, Any]) -> str:
    return ", ".join(f"{path} = {'none' if value is None else value}" for path, value in setting.items())
