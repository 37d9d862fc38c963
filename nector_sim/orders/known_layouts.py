"""The exports that are known, each described by a small file in ``data/layouts``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from nector_sim._data import data_path
from nector_sim.orders.layouts import PLAIN, Layout
from nector_sim.orders.mapping import layout_of, load_mapping


@cache
def known_layouts() -> dict[str, tuple[Layout, ...]]:
    """Layouts by the name under which a caller may ask for them; a plain table of one's own comes last."""
    found: dict[str, list[Layout]] = {}
    for path in _files():
        mapping = load_mapping(path)
        found.setdefault(mapping.format or path.stem, []).append(layout_of(mapping, path.name))
    return {**{name: tuple(layouts) for name, layouts in found.items()}, "plain": (PLAIN,)}


def _files() -> list[Path]:
    return sorted(data_path("layouts").glob("*.toml"), key=lambda path: path.stem)
