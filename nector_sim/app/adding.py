"""The project's orders, and those that are being added: dropped, looked at, confirmed, taken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from nector_sim.app import reading, setting
from nector_sim.app.counted import RETURNED_PERCENT
from nector_sim.app.project import Project, first_state
from nector_sim.errors import InputError
from nector_sim.exploration.session import in_currency
from nector_sim.rules.fields import values_of
from nector_sim.rules.program import load_program

_NEW: dict[str, Any] = {"files": [], "balances": None, "how": {}, "columns": {}, "answers": {}, "confirmed": False}


class Adding:
    """What is known of the project's orders, and of a draft of others.

    Parameters
    ----------
    project : Project
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.looked = reading.Looked()
        self.draft: dict[str, Any] | None = None
        self.draft_looked: reading.Looked | None = None
        self._read_as: Any = None

    @property
    def currency(self) -> str:
        """ISO 4217 code of the proposal."""
        return str(self.project.state["proposal"].get("currency") or "INR")

    @property
    def shown(self) -> tuple[reading.Looked, Mapping[str, Any]]:
        """What the page of the orders shows: the draft, else the project's orders."""
        if self.draft is not None and self.draft_looked is not None:
            return self.draft_looked, self.draft
        return self.looked, self.project.state["orders"]

    @property
    def is_other(self) -> bool:
        """Whether the project's orders are others than those that were read."""
        return bool(self._read_as != self.project.state["orders"])

    def refresh(self) -> None:
        """Read the project's orders."""
        source = self.project.state["orders"]
        self.looked = reading.Looked()  # not two histories in memory at once
        self.looked, self._read_as = reading.look(source, currency=self.currency), source

    def leave(self) -> None:
        """Give up the draft."""
        self.draft = self.draft_looked = None

    def place_for(self, name: str) -> Path:
        """A new path for a file that is dropped on the page; nothing of its name leads elsewhere."""
        base = self.project.uploads
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = 1 + max((int(one.name) for one in base.iterdir() if one.name.isdigit()), default=0)
        folder = base / str(number)
        folder.mkdir(mode=0o700)
        return folder / (PurePath(name.replace("\\", "/")).name or "file")

    def add(self, files: list[Mapping[str, Any]]) -> None:
        """Take files that were dropped or named: settings, projects, balances, orders."""
        orders = []
        balances: dict[str, Any] | None = None
        for one in files:
            path = Path(one["path"]).expanduser()
            if not path.is_file():
                raise InputError(f"There is no file {one['name']}.")
            entry = {"name": path.name, "path": str(path), "sha256": reading.fingerprint(path)}
            if path.suffix.lower() == ".toml":
                self._open_setting(path)
            elif path.suffix.lower() == ".json" and (state := _project_in(path)) is not None:
                self.project.change(state)
            elif _is_balances(path):
                balances = entry | {"at": ""}
            else:
                orders.append(entry)
        if not orders and balances is None:
            return
        before = self.draft or self.project.state["orders"]
        if orders:
            kept = balances or (before.get("balances") if before.get("files") == [] else None)
            self.draft = {**_NEW, "files": orders, "balances": kept}
        else:
            self.draft = {**(before if "files" in before else _NEW), "balances": balances}
        self._try()

    def edit(self, parts: Mapping[str, Any]) -> None:
        """Change how the orders are read."""
        base = self.draft or self.project.state["orders"]
        if "files" not in base and set(parts) != {"days"}:
            raise InputError("These are the example shop's orders. Add a file of your own first.")
        after = dict(base)
        for name in ("how", "columns", "answers"):
            if name in parts:
                after[name] = {**base.get(name, {}), **parts[name]}
        if parts.get("how", {}).get("keep_status"):  # counted as sold: the rate is shown as a value
            after["how"] = {"returned_percent": RETURNED_PERCENT, **after["how"]}
        for name in ("balances", "confirmed", "days"):
            if name in parts:
                after[name] = parts[name]
        if "balances_at" in parts and after.get("balances"):
            after["balances"] = {**after["balances"], "at": str(parts["balances_at"])}
        if isinstance(after.get("balances"), dict) and not any(after["balances"].get(k) for k in ("path", "each")):
            after["balances"] = None
        if "files" not in after:
            self.take(after)
            return
        self.draft = after
        self._try()

    def _try(self) -> None:
        """Read a draft; it becomes the orders once it can be used and nobody must look at it."""
        assert self.draft is not None
        if not self.draft["files"]:
            self.draft_looked = reading.Looked(
                message=f"{self.draft['balances']['name']} is here. Now add your orders."
            )
            return
        self.draft_looked = found = reading.look(self.draft, currency=self.currency)
        if found.orders is not None and not found.needs_a_look:
            self.take(self.draft, found)

    def take(self, source: dict[str, Any], found: reading.Looked | None = None) -> None:
        """Make orders those of the project, with the settings in their currency."""
        found = found or reading.look(source, currency=self.currency)
        if found.orders is None:
            raise InputError(found.message)
        parts: dict[str, Any] = {"orders": source}
        currency = found.orders.attrs.get("currency", self.currency)
        if currency != self.currency:
            for form in ("proposal", "today"):
                program = in_currency(setting.read(form, self.project.state[form]), currency)
                parts[form] = values_of(program.model_dump())
            found.notices.append(f"These orders are in {currency}, and so are the settings now: look at their amounts.")
        can_replay = {"customer_id", "ordered_at"} <= set(found.orders.columns)
        if not can_replay and "points_balance" not in found.orders:
            raise InputError(
                "These orders name no customers or no dates, so the coins of customers cannot be followed. Add a file "
                "of balances, or one balance for every customer."
            )
        if not can_replay:
            found.notices.append("These orders name no customers or no dates: each is worked out by itself.")
        before = self.project.state["orders"]
        is_same = all(before.get(name) == source.get(name) for name in ("shop", "files"))
        parts["replayed"] = can_replay and (self.project.state["replayed"] or not is_same)
        self.looked, self._read_as = found, source
        self.leave()
        self.project.change(parts)

    def _open_setting(self, path: Path) -> None:
        program = load_program(path)
        values = values_of(program.model_dump())
        if setting.read("proposal", values) != program:
            raise InputError(
                "This setting has parts that the page has no fields for, and nothing is left out in silence."
            )
        self.project.change({"proposal": values})


def _project_in(path: Path) -> dict[str, Any] | None:
    """The state of a project's file; None where it is none."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))["state"]
    except (ValueError, KeyError, TypeError):
        return None
    return state if isinstance(state, dict) and set(state) == set(first_state()) else None


def _is_balances(path: Path) -> bool:
    from nector_sim.frames.files import open_table
    from nector_sim.orders.balances import is_balances

    return is_balances(open_table(path).columns)


def remove_unused(project: Project) -> None:
    """Delete copies of files that no state of the project names."""
    if not project.uploads.is_dir():
        return
    named = project.file.read_text(encoding="utf-8") if project.file.exists() else ""
    for folder in project.uploads.iterdir():
        if not any(json.dumps(str(one), ensure_ascii=False)[1:-1] in named for one in folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)
