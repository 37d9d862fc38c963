"""Fields of a form, generated from the models: what each is called, what it is measured in, what it stands for.

A form's values are flat: a text or a switch under each field's dotted path, ``{"offers.0.max_discount": "1000"}``, as
they were typed. :func:`data_of` turns them into what a program file holds, and the models say what is wrong with that.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Gt
from pydantic.fields import FieldInfo

from nector_sim.rules.docs import field_docs
from nector_sim.rules.money import About
from nector_sim.rules.offers import Model
from nector_sim.rules.values import ungrouped

#: What is typed into a form: a text, or whether a switch is on.
Values = dict[str, str | bool]
#: Signs that people write into numbers, and that are no part of them: of a percentage, and of all others.
_DECORATION = {True: re.compile(r"[\s%]"), False: re.compile(r"[\s₹$€£]")}
_NAMED_CHOICES = re.compile(r"\s*\((?:`[a-z_]+`(?:, )?)+\)")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, or a group of them.

    Attributes
    ----------
    path : str
        Dotted, as in a program file and in error messages.
    shape : str
        ``number``, ``text``, ``texts``, ``time``, ``switch``, ``choice``; or of several fields ``group``, ``list``.
    label : str
        What it is called: the name on Nector's screen where it has one.
    help : str
        What it stands for, from the model's docstring.
    unit : str
        As :class:`~nector_sim.rules.money.About` gives it.
    needed : bool
        Whether it must be filled in.
    on_screen : bool
        Whether Nector's screens have it.
    options : tuple of (str, str)
        Of a choice: value and label.
    parts : tuple of Field
        Of a group or list.
    """

    path: str
    shape: str
    label: str
    help: str = ""
    unit: str = ""
    needed: bool = False
    above_zero: bool = False
    on_screen: bool = False
    options: tuple[tuple[str, str], ...] = ()
    parts: tuple[Field, ...] = field(default=())

    def all(self) -> Iterator[Field]:
        """Go through this field and every one below it."""
        yield self
        for part in self.parts:
            yield from part.all()


def fields_of(model: type[Model], values: Mapping[str, str | bool], *, path: str = "") -> tuple[Field, ...]:
    """Generate the fields of a model's form."""
    own = [name for base in model.__mro__ for name in vars(base).get("__annotations__", {})]
    docs = field_docs(model)
    named = {
        name: _field(info, f"{path}{name}", values, docs.get(name, "")) for name, info in model.model_fields.items()
    }
    shown = [(name, item) for name, item in named.items() if item is not None]
    shown.sort(key=lambda entry: (not entry[1].on_screen, own.index(entry[0])))
    return tuple(item for _, item in shown)


def labels_of(model: type[Model], values: Mapping[str, str | bool]) -> dict[str, str]:
    """Give what a form calls the field of each path; of several offers, with the offer."""
    labels: dict[str, str] = {}
    for top in fields_of(model, values):
        labels |= {item.path: item.label for item in top.all()}
        for part in top.parts if top.shape == "list" and len(top.parts) > 1 else ():
            labels |= {item.path: f"{part.label}: {item.label}" for item in part.all() if item is not part}
    return labels


def values_of(data: Mapping[str, Any], *, path: str = "") -> Values:
    """Turn a program's plain data into a form's values; the inverse of :func:`data_of`."""
    values: Values = {}
    for name, value in data.items():
        place = f"{path}{name}"
        match value:
            case None | () | []:
                pass
            case bool():
                values[place] = value
            case dict():
                values[place] = True  # the switch of an optional part
                values |= values_of(value, path=f"{place}.")
            case list() | tuple() if isinstance(value[0], dict):
                for position, item in enumerate(value):
                    values |= values_of(item, path=f"{place}.{position}.")
            case list() | tuple():
                values[place] = (" / " if isinstance(value[0], Decimal) else ", ").join(map(_text, value))
            case _:
                values[place] = _text(value)
    return values


def data_of(fields: tuple[Field, ...], values: Mapping[str, str | bool]) -> dict[str, Any]:
    """Turn a form's values into what a program file holds; what is blank is left out."""
    data: dict[str, Any] = {}
    for item in fields:
        name = item.path.rpartition(".")[2]
        value = _read(item, values)
        if value is not None:
            data[name] = value
    return data


def _read(item: Field, values: Mapping[str, str | bool]) -> Any:
    typed = values.get(item.path, "")
    match item.shape:
        case "list":
            return [data_of(part.parts, values) for part in item.parts] or None
        case "group":
            return _read_group(item, values)
        case "switch":
            return typed if isinstance(typed, bool) else None
        case "number":
            return _number(str(typed), item.unit)
        case "texts":
            names = [name.strip() for name in str(typed).split(",") if name.strip()]
            return names or None
        case _:
            return str(typed).strip() or None


def _read_group(item: Field, values: Mapping[str, str | bool]) -> dict[str, Any] | None:
    """A part that is a model; None where it is switched off, or of no kind."""
    first, *rest = item.parts
    if first.path == item.path:  # its switch
        return data_of(tuple(rest), values) if values.get(item.path) is True else None
    if first.path == f"{item.path}.kind" and not values.get(first.path, first.options[0][0]):
        return None
    return data_of(item.parts, values)


def _number(typed: str, unit: str) -> str | list[str] | None:
    """Free a number of the signs of its unit; three numbers with strokes between are a range.

    A sign of another unit stays, so that "20 %" is never taken for an amount of 20.
    """
    signs = _DECORATION[unit == "percent"]
    if "/" in typed:
        return [ungrouped(signs.sub("", part)) for part in typed.split("/")]
    return ungrouped(signs.sub("", typed)) or None


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _field(info: FieldInfo, path: str, values: Mapping[str, str | bool], docs: str) -> Field | None:
    about = next((item for item in (*info.metadata, *_metadata(info.annotation)) if isinstance(item, About)), About())
    name = path.rpartition(".")[2]
    arms = list(_arms(info.annotation))
    optional = type(None) in arms
    arms = [arm for arm in arms if arm is not type(None)]
    common: dict[str, Any] = {
        "path": path,
        "label": about.screen or _label(name),
        "help": _help(docs),
        "unit": about.unit,
        "needed": info.is_required(),
        "above_zero": any(isinstance(item, Gt) for item in (*info.metadata, *_metadata(info.annotation))),
        "on_screen": bool(about.screen),
    }
    models = [arm for arm in arms if isinstance(arm, type) and issubclass(arm, Model)]
    if models:
        return _group(common, models, values, optional=optional)
    arm = arms[0]
    if get_origin(arm) is Literal:
        options = tuple((str(word), str(word).replace("_", " ").capitalize()) for word in get_args(arm))
        return Field(shape="choice", options=options, **common) if len(options) > 1 else None
    if get_origin(arm) is tuple:
        items = [item for item in _arms(get_args(arm)[0]) if isinstance(item, type) and issubclass(item, Model)]
        return _list(common, items, values) if items else Field(shape="texts", **common)
    shape = {bool: "switch", int: "number", Decimal: "number", datetime: "time"}.get(arm, "text")
    return Field(shape=shape, **common)


def _group(
    common: dict[str, Any], models: list[type[Model]], values: Mapping[str, str | bool], *, optional: bool
) -> Field:
    """A part that is a model: of one of several kinds, switched on or off, or simply there."""
    path = common["path"]
    kinds = _kinds(models)
    if kinds:
        chosen = str(values.get(f"{path}.kind", "" if optional else next(iter(kinds))))
        options = tuple((kind, _kind_label(model)) for kind, model in kinds.items())
        kind = Field(
            path=f"{path}.kind",
            shape="choice",
            label=common["label"],
            help=common["help"],
            options=((("", "None"),) if optional else ()) + options,
            on_screen=True,
        )
        below = fields_of(kinds[chosen], values, path=f"{path}.") if chosen in kinds else ()
        return Field(shape="group", parts=(kind, *below) if chosen else (kind,), **common)
    parts: tuple[Field, ...] = ()
    if optional:
        parts = (Field(path=path, shape="switch", label=common["label"], help=common["help"]),)
    if not optional or values.get(path) is True:
        parts += fields_of(models[0], values, path=f"{path}.")
    return Field(shape="group", parts=parts, **common)


def _list(common: dict[str, Any], models: list[type[Model]], values: Mapping[str, str | bool]) -> Field:
    path, kinds = common["path"], _kinds(models)
    count = 1 + max((int(m[1]) for key in values if (m := re.match(rf"{re.escape(path)}\.(\d+)\.", key))), default=-1)
    items = []
    for position in range(count):
        item = {**common, "path": f"{path}.{position}", "label": f"{common['label'].removesuffix('s')} {position + 1}"}
        if kinds:
            group = _group({**item, "label": "Type of discount", "help": ""}, models, values, optional=False)
            items.append(Field(shape="group", parts=group.parts, **item))
        else:
            items.append(Field(shape="group", parts=fields_of(models[0], values, path=f"{path}.{position}."), **item))
    return Field(shape="list", parts=tuple(items), **common)


def _kinds(models: list[type[Model]]) -> dict[str, type[Model]]:
    """The alternatives of a part by their kind; none where there is but one model."""
    return {get_args(m.model_fields["kind"].annotation)[0]: m for m in models} if len(models) > 1 else {}


def _kind_label(model: type[Model]) -> str:
    """What a kind is called on Nector's screen."""
    return next(item.screen for item in model.model_fields["kind"].metadata if isinstance(item, About))


def _label(name: str) -> str:
    words = name.removesuffix("_percent").replace("_", " ").capitalize()
    return words.replace("Cod ", "COD ").replace("Take up", "Take-up")


def _help(docs: str) -> str:
    """A docstring without the named choices, which are for developers, and the unit and label, which the form shows."""
    plain = _NAMED_CHOICES.sub("", " ".join(docs.split())).replace("`", "")
    return plain.rpartition(" [")[0] if plain.endswith("]") else plain


def _metadata(annotation: Any) -> Iterator[Any]:
    """What is annotated anywhere inside a type."""
    for part in get_args(annotation):
        yield from part.metadata if isinstance(part, FieldInfo) else (part,)
        yield from _metadata(part)


def _arms(annotation: Any) -> Iterator[Any]:
    """The alternatives of a type, without their metadata."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _arms(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for arm in get_args(annotation):
            yield from _arms(arm)
    else:
        yield annotation
