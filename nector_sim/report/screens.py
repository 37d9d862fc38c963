"""What to type into Nector: every field of its screens, in their order and words, with the value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nector_sim.pictures.style import currency_sign
from nector_sim.rules.fields import Field, Values, fields_of, values_of
from nector_sim.rules.program import Program

BLANK = "(leave blank)"


class Entry(NamedTuple):
    """One field of a screen and what to put there."""

    screen: str
    field: str
    value: str


def screens(program: Program) -> list[Entry]:
    """Give what to type into Nector for a program, screen by screen."""
    values = values_of(program.model_dump())
    top = {item.path: item for item in fields_of(type(program), values)}
    units = {"money": currency_sign(program.currency), "percent": "%", "times": "×"}
    entries = [Entry("Third Party Checkouts → GoKwik", top["enabled"].label, "on" if program.enabled else "off")]
    for position, item in enumerate(top["offers"].parts):
        screen = "Add Offer" if len(top["offers"].parts) == 1 else f"Add Offer {position + 1}"
        entries += [Entry(screen, *pair) for pair in _typed(item, values, units)]
    return entries + [Entry("Configure Integration", *pair) for pair in _typed(top["min_payable"], values, units)]


def not_on_screen(program: Program) -> list[str]:
    """Name what a program sets though Nector's screens have no field for it."""
    values = values_of(program.model_dump())
    offers = next(item for item in fields_of(type(program), values) if item.path == "offers")
    return [
        f"{offer.label}: {part.label} {values[part.path]}"
        for offer in offers.parts
        for part in offer.parts
        if not part.on_screen and part.path.rpartition(".")[2] != "name" and _differs(values.get(part.path))
    ]


def _differs(value: str | bool | None) -> bool:
    """Whether a field that is not on the screens is set: a text, or a switch that is off."""
    return value is False or (value is not True and bool(value))


def _typed(item: Field, values: Values, units: dict[str, str]) -> Iterator[tuple[str, str]]:
    for part in item.parts:
        if not part.on_screen:
            continue
        value = str(values.get(part.path, ""))
        if part.shape == "choice":
            yield part.label, dict(part.options).get(value, BLANK)
        else:
            unit = f" ({units[part.unit]})" if part.unit in units else ""
            yield part.label, f"{value}{unit}" if value else BLANK
