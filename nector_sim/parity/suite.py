"""The suite of worked and generated cases, as files that any language reads: JSON, JSON Lines, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nector_sim.calculator.exact import Law, Order
from nector_sim.calculator.quote import in_major_units
from nector_sim.errors import InputError
from nector_sim.parity.answers import OPTIONAL, as_json, check_left_out, order_fields
from nector_sim.parity.cases import CHECKOUT_FIELDS, EXPECTED, ORDER_FIELDS, PLACE
from nector_sim.parity.generate import generate
from nector_sim.places import Place
from nector_sim.rules.program import Program

#: Raised when a case or its shape changes: major, a field is renamed or an expectation changes; minor, cases are added.
VERSION = "1.0.0"
#: Endings of files of cases.
ENDINGS = (".jsonl", ".json", ".csv")

Case = Mapping[str, Any]


def generated_cases(
    n: int, *, seed: int, program: Program | None = None, leave_out: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """Make cases from a seed, each in the shape of ``data/parity/case.schema.json``."""
    number, without = 0, {OPTIONAL[name][0]: OPTIONAL[name][1] for name in leave_out}
    for one, orders in generate(n, seed=seed, program=program):
        for order in orders:
            number += 1
            yield case_of(one, replace(order, **without), name=f"case {number}", source=f"generated from seed {seed}")


def case_of(program: Program, order: Order, *, name: str, source: str) -> dict[str, Any]:
    """One case with the exact answer, in the shape of ``data/parity/case.schema.json``."""
    answer = in_major_units(program, Law(program).answer(order))
    return {
        "name": name,
        "source": source,
        "program": {key: value for key, value in json.loads(program.to_json()).items() if key in CHECKOUT_FIELDS},
        "order": as_json(order_fields(program, order)),
        "expect": {name: as_json(getattr(answer, name)) for name in EXPECTED},
    }


def write_cases(
    path: str | Path, *, n: int, seed: int, program: Program | None = None, leave_out: Collection[str] = ()
) -> None:
    """Write generated cases: JSON Lines, JSON or CSV, by the file's ending."""
    if n < 1:
        raise InputError("the number of cases must be 1 or more")
    if Place.of(path).suffix not in ENDINGS:
        raise InputError(f"{path} must end in one of {', '.join(ENDINGS)}")
    check_left_out(leave_out)
    text = as_text(generated_cases(n, seed=seed, program=program, leave_out=leave_out), Place.of(path).suffix)
    try:
        Place.of(path).write_text(text)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def as_text(cases: Iterable[Case], ending: str, *, name: str = "") -> str:
    """Cases as the text of a file."""
    if ending == ".jsonl":
        return "".join(json.dumps(as_json(case), ensure_ascii=False) + "\n" for case in cases)
    if ending == ".json":
        whole = {"$schema": f"{PLACE}/case.schema.json"} | ({"$id": f"{PLACE}/{name}.json"} if name else {})
        return json.dumps(whole | {"version": VERSION, "case": list(cases)}, indent=1, ensure_ascii=False) + "\n"
    stream = io.StringIO()
    names = ["name", "source", "program", *ORDER_FIELDS, *(f"expected_{field}" for field in EXPECTED)]
    table = csv.DictWriter(stream, names, lineterminator="\n")
    table.writeheader()
    for case in cases:
        row = {
            "name": case["name"],
            "source": case["source"],
            "program": json.dumps(case["program"], ensure_ascii=False),
        }
        expected = {f"expected_{field}": value for field, value in case["expect"].items()}
        table.writerow(row | dict(case["order"]) | expected)
    return stream.getvalue()


def program_schema() -> dict[str, Any]:
    """JSON Schema of a program file: what ``data/parity/program.schema.json`` holds."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{PLACE}/program.schema.json"}
    return schema | Program.model_json_schema()
