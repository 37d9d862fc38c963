"""Generated cases with their exact answers, for test suites in other languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nector_sim.batch.places import Place
from nector_sim.calculator.exact import Law
from nector_sim.calculator.quote import in_major_units
from nector_sim.errors import InputError
from nector_sim.parity.answers import as_json, order_fields
from nector_sim.parity.cases import CHECKOUT_FIELDS, EXPECTED
from nector_sim.parity.generate import generate
from nector_sim.rules.program import Program


def generated_cases(n: int, *, seed: int, program: Program | None = None) -> Iterator[dict[str, Any]]:
    """Make cases from a seed, each in the shape of ``data/parity/case.schema.json``.

    Parameters
    ----------
    n : int
        How many.
    seed : int
        The same seed gives the same cases.
    program : Program, optional
        Make orders for this program alone.

    Yields
    ------
    dict
        ``name``, ``source``, ``program``, ``order`` and ``expect``; amounts are text, in major units.

    Examples
    --------
    >>> case = next(generated_cases(1, seed=1))
    >>> sorted(case)
    ['expect', 'name', 'order', 'program', 'source']
    """
    number = 0
    for one, orders in generate(n, seed=seed, program=program):
        law = Law(one)
        fields = {key: value for key, value in json.loads(one.to_json()).items() if key in CHECKOUT_FIELDS}
        for order in orders:
            number += 1
            answer = in_major_units(one, law.answer(order))
            yield {
                "name": f"case {number}",
                "source": f"generated from seed {seed}",
                "program": fields,
                "order": as_json(order_fields(one, order)),
                "expect": {name: as_json(getattr(answer, name)) for name in EXPECTED},
            }


def export_cases(path: str | Path, *, n: int, seed: int, program: Program | None = None) -> None:
    """Write generated cases, one JSON object a line.

    Parameters
    ----------
    path : str or pathlib.Path
    n, seed, program
        As :func:`generated_cases`.

    Raises
    ------
    InputError
        If the file cannot be written, or `n` is below 1.
    """
    if n < 1:
        raise InputError("the number of cases must be 1 or more")
    place = Place.of(path)
    place.check_writable()
    if not place.is_local:
        raise InputError(f"{place} is a URL; cases are written into a file of this machine")
    try:
        with place.written() as target, Path(str(target)).open("w", encoding="utf-8", newline="\n") as file:
            for case in generated_cases(n, seed=seed, program=program):
                file.write(json.dumps(case, ensure_ascii=False) + "\n")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
