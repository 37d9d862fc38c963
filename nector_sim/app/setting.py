"""Settings as forms: which fields they have, the three levers, and what was typed as a program."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from nector_sim.economics.assumptions import Assumptions
from nector_sim.errors import InputError
from nector_sim.report.words import FOLDS, HELP, OPTIONS, PER_HUNDRED, field_name, plain
from nector_sim.rules.fields import Field, Values, data_of, fields_of, values_of
from nector_sim.rules.money import MAX_POINTS
from nector_sim.rules.program import Program
from nector_sim.rules.values import ungrouped

MODELS: dict[str, Any] = {"today": Program, "proposal": Program, "assumptions": Assumptions}
#: The lever that is no field: what a point takes off, the discount of a step over its points.
WORTH = "worth"
STEP, DISCOUNT = "offers.0.points_per_step", "offers.0.discount_per_step"


class Lever(NamedTuple):
    """One of the three numbers that come first."""

    path: str
    label: str
    unit: str
    optional: bool
    """Whether it may be left blank, as no limit."""


def read(form: str, values: Values) -> Any:
    """Turn what was typed into a program or assumptions."""
    model = MODELS[form]
    return model.parse(data_of(fields_of(model, values), values), source="this setting")


def completed(form: str, values: Values) -> Values:
    """The values with every default that is used filled in."""
    try:
        found = values_of(read(form, values).model_dump())
    except InputError:
        return values
    return {**found, **{path: typed for path, typed in values.items() if typed not in ("", None)}}


def typed_into(form: str, values: Values, typed: Mapping[str, Any]) -> Values:
    """The values after something was typed: a worth moves the discount of a step."""
    after = dict(values)
    for path, value in typed.items():
        if path == WORTH:
            points, worth = _decimal(after.get(STEP)), _decimal(value)
            after[DISCOUNT] = str(value) if points is None or worth is None else short(worth * points)
        elif path.rpartition(".")[2] == PER_HUNDRED and (number := _decimal(value)) is not None:
            after[path] = short(number / 100)
        else:
            after[path] = value if isinstance(value, bool) else str(value)
    if after.get("min_payable.kind", "") and not after.get("min_payable"):
        after["min_payable"] = True
    known = {item.path for top in fields_of(MODELS[form], after) for item in top.all()}
    switched = {path for path in typed if path in known and path.endswith(("kind", "earning", "expiry"))}
    for path in switched:
        after |= _begun(path, after)
    return completed(form, after)


def _begun(path: str, values: Values) -> Values:
    """What a part that was just chosen starts with: without an effect, or as documented."""
    match path, values.get(path):
        case "min_payable.kind", "percent":
            return {"min_payable.percent": values.get("min_payable.percent") or "0"}
        case "min_payable.kind", "fixed":
            return {"min_payable.amount": values.get("min_payable.amount") or "0"}
        case "expiry", True:
            return {} if values.get("expiry.days") else {"expiry.months": values.get("expiry.months") or "12"}
    return {}


def shown(form: str, values: Values) -> Values:
    """The values as the page shows them."""
    out = dict(values)
    for path, value in values.items():
        if path.rpartition(".")[2] == PER_HUNDRED and (number := _decimal(value)) is not None:
            out[path] = short(number * 100)
    if form != "assumptions" and (worth := _worth(values)) is not None:
        out[WORTH] = worth
    return out


def _worth(values: Values) -> str | None:
    points, discount = _decimal(values.get(STEP)), _decimal(values.get(DISCOUNT))
    return short(round(discount / points, 4)) if points and discount is not None else None


def levers(values: Values, points: str) -> list[Lever]:
    """The levers of a setting: what its first offer gives, at most how much, and what the customer pays at least."""
    one = points.removesuffix("s")
    first = {
        "variable_amount": [
            Lever(WORTH, f"1 {one} is worth", "money", False),
            Lever("offers.0.max_discount", "At most off", "money", True),
        ],
        "fixed_amount": [Lever("offers.0.discount", "The discount", "money", False)],
        "variable_percent": [
            Lever("offers.0.percent_per_step", "1 step takes off", "percent", False),
            Lever("offers.0.max_percent", "At most off", "percent", True),
        ],
        "fixed_percent": [
            Lever("offers.0.percent", "The discount", "percent", False),
            Lever("offers.0.max_discount", "At most off", "money", True),
        ],
    }
    kind = str(values.get("offers.0.kind", ""))
    of_minimum = {"percent": ("min_payable.percent", "percent"), "fixed": ("min_payable.amount", "money")}
    found = list(first.get(kind, []))
    minimum = of_minimum.get(str(values.get("min_payable.kind", "")))
    return [*found, Lever(minimum[0], "Customer pays at least", minimum[1], False)] if minimum else found


def around(state: Mapping[str, Any]) -> Values:
    """The proposal with its levers where they are today: what settings are tried around, wherever the levers stand."""
    today, proposal = state["today"], state["proposal"]
    after, same = dict(proposal), all(today.get(kind) == proposal.get(kind) for kind in ("offers.0.kind", STEP))
    for lever in levers(proposal, "points"):
        path = DISCOUNT if lever.path == WORTH else lever.path
        if path.startswith("min_payable") or same:
            after[path] = today.get(path) or ("" if lever.optional else "0" if "min" in path else proposal[path])
    return after


def form_of(form: str, values: Values, *, units: Mapping[str, str]) -> list[dict[str, Any]]:
    """The fields of a form in folds, each with what it says."""
    fields = fields_of(MODELS[form], values)
    folds = []
    for title, names in FOLDS[form]:
        mine = [item for item in fields if item.path in names]
        if mine:
            folds.append({"title": title, "fields": [_plain(item, units) for item in mine]})
    return folds


def labels(form: str, values: Values) -> dict[str, str]:
    """What each path is called on the page."""
    return {item.path: field_name(item) for top in fields_of(MODELS[form], values) for item in top.all()}


def _plain(item: Field, units: Mapping[str, str]) -> dict[str, Any]:
    name = item.path.rpartition(".")[2]
    return {
        "path": item.path,
        "shape": item.shape,
        "label": field_name(item),
        "help": HELP.get(name, item.help),
        "unit": units.get(item.unit, "") if item.shape == "number" else "",
        "before": item.unit == "money",
        "options": [(value, OPTIONS.get(text, text)) for value, text in item.options],
        "needed": item.needed,
        "range": item.shape == "number" and not item.path.count(".") and item.path.endswith(("_percent", "_fee")),
        "parts": [_plain(part, units) for part in item.parts],
    }


def marks(problems: Any, form: str, values: Values) -> dict[str, str]:
    """What is wrong, at the field that shows it."""
    paths = set(labels(form, values))
    found: dict[str, str] = {}
    for problem in problems:
        place = problem.place
        while place and place not in paths:
            place = place.rpartition(".")[0]
        found[place] = "; ".join(filter(None, (found.get(place), plain(problem.what))))
    if DISCOUNT in found and _worth(values) is None:
        found[WORTH] = found[DISCOUNT]
    return found


def changed_list(form: str, values: Values, do: str, path: str, position: int) -> Values:
    """The values with an item added to a list, or one taken away."""
    fields = [item for top in fields_of(MODELS[form], values) for item in top.all() if item.path == path]
    items = fields[0].parts if fields else ()
    after = dict(values)
    if do == "add":
        probe = {**values, f"{path}.{len(items)}._": ""}
        made = next(item for top in fields_of(MODELS[form], probe) for item in top.all() if item.path == path)
        for part in made.parts[-1].parts:
            after[part.path] = part.options[0][0] if part.shape == "choice" else ""
    elif 0 <= position < len(items):
        for index in range(position, len(items)):
            below = f"{path}.{index}."
            for name in [name for name in after if name.startswith(below)]:
                value = after.pop(name)
                if index > position:
                    after[f"{path}.{index - 1}.{name.removeprefix(below)}"] = value
    return after


def _decimal(typed: Any) -> Decimal | None:
    try:
        number = Decimal(ungrouped(typed))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) <= MAX_POINTS else None


def short(number: Decimal) -> str:
    """Write a number without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
