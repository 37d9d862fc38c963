"""The form: fields that are generated from a model, what is typed into them, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import anywidget
import traitlets
from pydantic import ValidationError

from nector_sim.errors import Problem
from nector_sim.explorer import FRONT
from nector_sim.rules.fields import Field, Values, data_of, fields_of, labels_of, values_of
from nector_sim.rules.money import MAX_POINTS
from nector_sim.rules.offers import Model
from nector_sim.rules.values import read_decimal, ungrouped

#: A slider: from, to, step, as texts.
Slider = tuple[str, str, str]


class Form(anywidget.AnyWidget):
    """A form for a model, in the browser.

    Parameters
    ----------
    model : type
        A model of the rules, or a subclass: its fields, their labels and what they stand for make the form.
    data : mapping
        What to fill in, as a program file holds it.
    title : str
        What the form is for.
    units : mapping of str to str
        How units are written: ``{"money": "₹", "points": "coins"}``.
    slider : callable
        Gives a field its slider, or None.
    """

    _esm = FRONT / "form.js"

    title = traitlets.Unicode().tag(sync=True)
    fields: Any = traitlets.List().tag(sync=True)
    values: Any = traitlets.Dict().tag(sync=True)
    problems: Any = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        model: type[Model],
        data: Mapping[str, Any],
        *,
        title: str,
        units: Mapping[str, str] | None = None,
        slider: Callable[[Field], Slider | None] = lambda field: None,
    ) -> None:
        self._model, self._units, self._slider = model, dict(units or {}), slider
        self._on_typed: Callable[[str], None] = lambda _: None
        self._quiet = False
        super().__init__(title=title)
        self.fill(data)
        self.observe(self._typed, "values")
        self.on_msg(self._asked)

    def when_typed(self, call: Callable[[str], None]) -> None:
        """Call this with the path of the field whenever something was typed, switched, added or removed."""
        self._on_typed = call

    def fill(self, data: Mapping[str, Any]) -> None:
        """Fill the form with a program's plain data."""
        self._show(values_of(data))

    def unshown(self, data: Mapping[str, Any]) -> list[str]:
        """Name the fields of a program's plain data that this form cannot hold."""
        values = values_of(data)
        try:
            read = self._model.model_validate(data_of(fields_of(self._model, values), values))
        except ValidationError as error:
            return [".".join(map(str, detail["loc"])) for detail in error.errors()]
        return list(_differing(dict(data), read.model_dump()))

    def data(self) -> dict[str, Any]:
        """What a program file would hold, as it was typed."""
        return data_of(fields_of(self._model, self.values), self.values)

    def restore(self, values: Values) -> None:
        """Put back what was typed before."""
        self._show(values)

    def refresh(self, *, units: Mapping[str, str]) -> None:
        """Draw the fields again, if their units or the reach of their sliders changed."""
        self._units |= units
        self._show(dict(self.values))

    def labels(self) -> dict[str, str]:
        """What the form calls the field of each path."""
        return labels_of(self._model, self.values)

    def mark(self, problems: Sequence[Problem]) -> list[Problem]:
        """Mark what is wrong at its fields."""
        paths = {item.path for top in fields_of(self._model, self.values) for item in top.all()}
        marks: dict[str, str] = {}
        homeless = []
        for problem in problems:
            place = problem.place
            while place and place not in paths:
                place = place.rpartition(".")[0]  # an item of a list that one field holds
            if place:
                marks[place] = "; ".join(filter(None, (marks.get(place), problem.what)))
            else:
                homeless.append(problem)
        if marks != self.problems:
            self.problems = marks
        return homeless

    def _show(self, values: Values) -> None:
        """Show values, with the fields that belong to them."""
        fields = [self._plain(item) for item in fields_of(self._model, values)]
        quiet = self._quiet
        self._quiet = True
        with self.hold_sync():
            self.values = _with_point_values(values)
            if fields != self.fields:
                self.fields = fields
        self._quiet = quiet

    def _typed(self, change: Any) -> None:
        if self._quiet:
            return
        old, new = change["old"], change["new"]
        changed = {path for path in new if new[path] != old.get(path)}
        values = _joined_point_values(dict(new), changed)
        for item in (part for top in fields_of(self._model, values) for part in top.all()):
            if item.needed and item.path not in values and self._slider(item) is not None:
                values[item.path] = "0"  # a part that was just chosen starts without an effect
        if values != new or [self._plain(item) for item in fields_of(self._model, values)] != self.fields:
            self._show(values)
        self._on_typed(min(changed, default=""))

    def _asked(self, _: Any, content: Any, __: Any) -> None:
        """Take what was typed, then add an item to a list or take one away; and say when that is done."""
        try:
            if typed := _as_values(content.get("values")):
                self.values = {**self.values, **typed}
            if content.get("do") in ("add", "remove"):
                self._change_list(content)
        finally:
            self.send({"do": "taken"})

    def _change_list(self, content: Mapping[str, Any]) -> None:
        path, position = str(content.get("path")), content.get("position")
        items = next((f.parts for top in fields_of(self._model, self.values) for f in top.all() if f.path == path), ())
        values = dict(self.values)
        if content.get("do") == "add":
            first = next(
                field
                for field in fields_of(self._model, {**values, f"{path}.{len(items)}._": ""})
                if field.path == path
            )
            for part in first.parts[-1].parts:
                values[part.path] = part.options[0][0] if part.shape == "choice" else ""
        elif isinstance(position, int) and 0 <= position < len(items):
            for item in items[position:]:
                for name in [name for name in values if name.startswith(f"{item.path}.")]:
                    rest, value = name.removeprefix(f"{item.path}."), values.pop(name)
                    if item is not items[position]:
                        index = int(item.path.rpartition(".")[2]) - 1
                        values[f"{path}.{index}.{rest}"] = value
        self._show(values)
        self._on_typed("")

    def _plain(self, item: Field) -> dict[str, Any]:
        """A field as the browser gets it."""
        slider = self._slider(item)
        return {
            "path": item.path,
            "shape": item.shape,
            "label": item.label,
            "help": item.help,
            "unit": self._units.get(item.unit, "") if item.shape == "number" else "",
            "before": item.unit == "money",
            "item": item.label.removesuffix("s"),
            "example": _EXAMPLES.get(item.shape, ""),
            "slider": slider,
            "shown": self._is_shown(item),
            "ours": item.path.startswith("offers.") and item.shape not in ("group", "list") and not item.on_screen,
            "options": item.options,
            "parts": self._parts(item),
        }

    def _is_shown(self, item: Field) -> bool:
        """Always in sight: what must be filled in, what slides, choices, and the parts that Nector's screens have."""
        if item.shape in ("group", "list"):
            return item.on_screen or item.needed
        return item.needed or self._slider(item) is not None or item.shape == "choice" or item.path == "enabled"

    def _parts(self, item: Field) -> list[dict[str, Any]]:
        """The fields of a group; behind so much discount for so many points, what a point is worth, as a slider."""
        parts = []
        for part in item.parts:
            parts.append(self._plain(part))
            if not item.on_screen:
                parts[-1]["shown"] = True  # whoever opened such a part wants to see all of it
            if part.path == f"{item.path}.{_DISCOUNT}":
                name = self._units.get("points", "points").removesuffix("s")
                worth = Field(
                    path=f"{item.path}.{POINT_VALUE}",
                    shape="number",
                    label=f"What one {name} is worth",
                    help="Discount Amount ÷ Coins Required. Moving it changes the Discount Amount.",
                    unit="money",
                    needed=True,
                )
                parts.append(self._plain(worth))
        return parts


#: How something is written, where it may not be guessed.
_EXAMPLES = {"time": "2026-04-01 00:00", "texts": "Gold, Silver"}
#: A field that is no part of the model: the discount of a step over its points.
POINT_VALUE = "point_value"
_STEP, _DISCOUNT = "points_per_step", "discount_per_step"


def _joined_point_values(values: Values, changed: set[str]) -> Values:
    """Let the discount follow a point value that was moved; and the point value all else."""
    for path in changed:
        offer, _, name = path.rpartition(".")
        if name == POINT_VALUE:
            worth, points = _decimal(values[path]), _decimal(values.get(f"{offer}.{_STEP}"))
            if worth is not None and points:
                values[f"{offer}.{_DISCOUNT}"] = _short(worth * points)
                return values
    return _with_point_values(values)


def _with_point_values(values: Values) -> Values:
    values = dict(values)
    for path in [path for path in values if path.endswith(f".{_DISCOUNT}")]:
        offer = path.rpartition(".")[0]
        points, discount = _decimal(values.get(f"{offer}.{_STEP}")), _decimal(values[path])
        if points and discount is not None:
            values[f"{offer}.{POINT_VALUE}"] = _short(round(discount / points, 4))
    return values


def _as_values(typed: Any) -> Values:
    """What a browser says was typed."""
    items = typed.items() if isinstance(typed, Mapping) else ()
    return {str(path): value if isinstance(value, bool) else str(value) for path, value in items}


def _differing(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Dotted paths at which two pieces of plain data differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in one:
            yield from _differing(one[name], other.get(name), f"{path}.{name}".removeprefix("."))
    elif _holds_mappings(one) and _holds_mappings(other) and len(one) == len(other):
        for position, pair in enumerate(zip(one, other, strict=True)):
            yield from _differing(*pair, f"{path}.{position}")
    elif one != other:
        yield path


def _holds_mappings(items: Any) -> bool:
    return isinstance(items, list | tuple) and any(isinstance(item, Mapping) for item in items)


def _decimal(typed: str | bool | None) -> Decimal | None:
    try:
        number = read_decimal(ungrouped(typed))
    except ValueError:
        return None
    return number if abs(number) <= MAX_POINTS else None


def _short(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
