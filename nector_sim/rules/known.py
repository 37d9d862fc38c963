"""What an engine knows of a program: nothing that is set is ignored.

Every engine and shortcut lists the fields that it computes. A field that it does not list, and that is not at its
default, sends it the general way, or is refused by name; so a new limit cannot be computed by half.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pydantic import BaseModel

from nector_sim.errors import Problem, ProgramError

#: Fields that an engine knows, by model.
Known = Mapping[type[BaseModel], frozenset[str]]


def fields(*names: str) -> frozenset[str]:
    """List fields, several in one text if you like."""
    return frozenset(name for text in names for name in text.split())


def unknown(model: BaseModel, known: Known, path: str = "") -> Iterator[str]:
    """Dotted paths of all that is set in a model, and in the models within it, and that is not known."""
    listed = next((known[base] for base in type(model).__mro__ if base in known), frozenset())
    for name, field in type(model).model_fields.items():
        value, place = getattr(model, name), f"{path}{name}"
        if name not in listed:
            if field.is_required() or (name in model.model_fields_set and value != field.default):
                yield place
        elif isinstance(value, BaseModel):
            yield from unknown(value, known, f"{place}.")
        elif isinstance(value, tuple):
            for position, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from unknown(item, known, f"{place}.{position}.")


def refuse_unknown(model: BaseModel, known: Known, engine: str) -> None:
    """Raise ProgramError that names every field which is set and which an engine does not know."""
    problems = [Problem(place, "is set, and not computed here; leave it out") for place in unknown(model, known)]
    if problems:
        raise ProgramError(f"{engine} does not know all of this program, and would ignore:", problems)


def refuse_columns(names: Collection[str], known: Collection[str], engine: str) -> None:
    """Raise ProgramError that names every column of orders which decides and which an engine does not know."""
    beyond = sorted(name for name in names if name in DECIDING and name not in known)
    if beyond:
        raise ProgramError(
            f"{engine} does not know the column {', '.join(beyond)}, and would ignore it; leave it out, or use an "
            "engine that does"
        )


#: Columns of orders that decide what an order is given: by the law of the checkout, or by the ledger.
DECIDING = {
    "cart_amount",
    "points_balance",
    "credits",
    "eligible_amount",
    "coupon_discount",
    "points_requested",
    "tier",
    "ordered_at",
    "redeems",
    "refunded_at",
    "refunded_amount",
    "paid_amount",
}
