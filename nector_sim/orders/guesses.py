"""What columns of other people's tables are likely to be, by their names; never used without being said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nector_sim.orders.layouts import key
from nector_sim.orders.statuses import order_words

#: For each of our columns, names that other tables have for it, the surest first.
LIKE: Mapping[str, tuple[str, ...]] = {name: tuple(map(key, words)) for name, words in order_words()["names"].items()}


#: Our columns of which one word of a longer name tells: Bill Status, Billing E-mail, Shipping Cost (inc tax).
_BY_A_WORD = {
    "status": {"status"},
    "email": {"email"},
    "phone": {"phone", "mobile"},
    "currency": {"currency"},
    "ordered_at": {"date", "datetime"},
    "shipping": {"shipping", "freight"},
    "cart_amount": {"subtotal"},
}


def guess_name(name: str, ours: str) -> int:
    """How surely a name is one of ours: 3 the house's own, 2 a usual one, 1 one that holds a usual one; 0 no."""
    plain = key(name)
    if plain == key(ours):
        return 3
    if plain in LIKE.get(ours, ()):
        return 2
    return int(_held(name, ours) is not None)


def place_of(name: str, ours: str) -> int:
    """How early a name, or the usual one that it holds, stands in the list of usual ones: 0 is the surest."""
    usual = LIKE.get(ours, ())
    plain = key(name)
    if plain in usual:
        return usual.index(plain)
    held = _held(name, ours)
    return len(usual) if held is None else usual.index(held) if held in usual else len(usual)


def _held(name: str, ours: str) -> str | None:
    """The first usual name, of several words or one that tells, whose words a longer name has."""
    words = set(key(name).split())
    telling = _BY_A_WORD.get(ours, set())
    return next(
        (like for like in LIKE.get(ours, ()) if set(like.split()) <= words and (" " in like or like in telling)),
        next(iter(sorted(words & telling)), None),
    )


def not_read(names: Iterable[str], used: Mapping[str, str]) -> list[str]:
    """Say which columns were not read and look like ones of ours that nothing else was read for."""
    found = {name.split(".")[0] for name in used}
    if found & {"email", "phone", "customer_id"}:
        found |= {"customer_id"}
    if found & {"items", "total"}:
        found |= {"cart_amount", "total"}
    theirs = [name for name in dict.fromkeys(names) if name not in used.values()]
    like = []
    for ours in _DECIDING:
        if ours in found:
            continue
        near = _nearest(theirs, ours)
        if near is not None:
            like.append((near, ours))
    if not like:
        return []
    said = ", ".join(f"{name} (like {ours})" for name, ours in like)
    return [
        f"columns that were not read and look like ones that decide: {said}; if they are, rename them, or say so in a "
        "mapping (nector-sim check FILE --propose --out columns.toml)"
    ]


#: Columns whose absence changes what orders count, whose they are, or when.
_DECIDING = (
    "order_id",
    "ordered_at",
    "customer_id",
    "email",
    "phone",
    "status",
    "currency",
    "cancelled_at",
    "points_balance",
)


def _nearest(theirs: Sequence[str], ours: str) -> str | None:
    ranked = [
        (guess_name(name, ours), -LIKE[ours].index(key(name)) if key(name) in LIKE[ours] else -99, name)
        for name in theirs
    ]
    ranked = [one for one in ranked if one[0] >= 2 and key(one[2]) not in ("balance", "id", "value", "net")]
    return max(ranked, key=lambda one: one[:2])[2] if ranked else None
