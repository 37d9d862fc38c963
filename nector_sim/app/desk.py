"""The desk: the project, its orders in memory and what the setting does to them, one change at a time."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from nector_sim.app import figures, reading, setting
from nector_sim.app.orders import examples
from nector_sim.app.page import FORMS, state_of
from nector_sim.app.project import Project, first_state
from nector_sim.app.words import plain
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.happened import Happened, what_happened
from nector_sim.errors import InputError
from nector_sim.exploration.session import Outcome, Session, in_currency
from nector_sim.pictures.discount_by_cart import usual_cart
from nector_sim.rules.fields import values_of
from nector_sim.rules.program import Program, load_program

LOG = logging.getLogger(__name__)
_NO_EARNING = (
    "Say how coins are earned: open “How coins are earned” below the levers and switch on Earning. Or choose “each "
    "order by itself” under Unused coins."
)
_NO_FILES: dict[str, Any] = {
    "files": [], "balances": None, "how": {}, "columns": {}, "answers": {}, "confirmed": False,
}  # fmt: skip


class Superseded(Exception):
    """Something newer is asked for."""


class Desk:
    """What the page shows and changes.

    Parameters
    ----------
    project : Project
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.version = 1
        self.is_ready = False
        self._lock = threading.RLock()
        self.session: Session | None = None
        self.outcome: Outcome | None = None
        self.today: Outcome | None = None
        self.happened: Happened | None = None
        self.looked = reading.Looked()
        self._read_as: Any = None
        self.draft: dict[str, Any] | None = None
        self.draft_looked: reading.Looked | None = None
        self.problems: dict[str, dict[str, str]] = {}
        self.message = ""

    def open(self) -> None:
        """Read the project's orders and work out its figures; meanwhile the page waits."""
        with self._lock:
            self._refresh()
            self.is_ready = True
            self.version += 1

    # What the page asks for.

    def state(self) -> dict[str, Any]:
        """Everything that the page shows at once."""
        with self._lock:
            return state_of(self)

    def act(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Do what the page asks, save it, and give the new state."""
        with self._lock:
            self.message = ""
            try:
                self._do(asked)
            except InputError as error:
                self.message = plain(str(error))
            self.version += 1
            return state_of(self)

    def background(self, version: int, work: Callable[[Session, Outcome, Callable[[], None]], Any]) -> Any:
        """Work something out for a version of the state, unless a newer one comes."""

        def go_on() -> None:
            if self.version != version:
                raise Superseded

        with self._lock:
            session, outcome = self.session, self.outcome
        go_on()
        if session is None or outcome is None:
            return None
        found = work(session, outcome, go_on)
        go_on()
        return found

    def ranges(self, version: int) -> Any:
        """The ranges of the headline."""
        return self.background(version, figures.ranges)

    def lever_pictures(self, version: int) -> Any:
        """Margin, cost and reach along each lever."""
        with self._lock:
            proposal, today = self.project.state["proposal"], self.project.state["today"]
            found = [(one, reach) for one in self.levers() if (reach := self.reach(one)) is not None]
        if not found:
            return []
        return self.background(
            version, lambda session, _, go_on: figures.lever_pictures(session, proposal, today, found, go_on)
        )

    def pictures(self, version: int) -> Any:
        """The numbers of the pictures of one setting."""
        return self.background(
            version, lambda session, outcome, _: figures.pictures(outcome, session.todays(outcome.program))
        )

    def how_sure(self, version: int) -> Any:
        """The pair's break-even, and which assumption moves the answer most."""
        from nector_sim.app.sure import how_sure

        return self.background(version, how_sure)

    def examples(self, version: int, order: str) -> Any:
        """Some orders, or one that is looked for, each explained."""
        return self.background(version, lambda session, outcome, _: examples(session, outcome, order))

    def report(self) -> tuple[Any, Program]:
        """The report of the setting; only of what is on the page."""
        from nector_sim.report.contents import make_report

        with self._lock:
            self._check_whole()
            assert self.session is not None
            assert self.outcome is not None
            return make_report(self.session, self.outcome), self.outcome.program

    def setting_file(self) -> bytes:
        """The proposal as a file."""
        with self._lock:
            self._check_whole()
            assert self.outcome is not None
            return self.outcome.program.to_toml().encode()

    def project_file(self) -> bytes:
        """The whole project as a file."""
        with self._lock:
            return json.dumps({"version": 1, "state": self.project.state}, ensure_ascii=False, indent=1).encode()

    def rejects(self) -> bytes:
        """Rows that cannot be used, as a CSV file without formulas."""
        import polars as pl

        from nector_sim.batch.formulas import harmless

        with self._lock:
            report = (self.draft_looked or self.looked).report
            if report is None:
                raise InputError("There are no such rows.")
            return harmless(pl.from_pandas(report.rejects.astype("string"))).write_csv(include_bom=True).encode()

    def place_for(self, name: str) -> Path:
        """A new path for a file that is dropped on the page; nothing of its name leads elsewhere."""
        base = self.project.uploads
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = 1 + max((int(one.name) for one in base.iterdir() if one.name.isdigit()), default=0)
        folder = base / str(number)
        folder.mkdir(mode=0o700)
        return folder / (PurePath(name.replace("\\", "/")).name or "file")

    # What is done.

    def _do(self, asked: Mapping[str, Any]) -> None:
        state, do = self.project.state, asked.get("do")
        match do:
            case "type" | "list":
                self._type(asked)
            case "reset":
                self.project.change({"proposal": state["today"]})
            case "adopt":
                self._check_whole()
                self.project.change({"today": state["proposal"]})
            case "undo":
                self.draft, _ = None, self.project.undo()
            case "redo":
                self.draft, _ = None, self.project.redo()
            case "replayed":
                self.project.change({"replayed": bool(asked["value"])})
            case "shop":
                if not reading.is_example(str(asked.get("shop"))):
                    raise InputError("There is no such example shop.")
                self._take({"shop": asked["shop"]})
            case "files":
                self._files(asked["files"])
            case "orders":
                self._edit_orders(asked["parts"])
            case "use":
                self._edit_orders({"confirmed": True})
            case "cancel":
                self.draft = self.draft_looked = None
            case "new":
                self.draft = self.draft_looked = None
                self.project.change(first_state())
            case "forget":
                self.draft = self.draft_looked = None
                self.project.replace({**state, "orders": first_state()["orders"]})
                self.project.clear_uploads()
            case _:
                raise InputError("The page asked for something that this version of the app does not know.")
        self._refresh()

    def _type(self, asked: Mapping[str, Any]) -> None:
        form = asked.get("form")
        if form not in FORMS:
            raise InputError("There is no such form.")
        values = self.project.state[form]
        if asked["do"] == "list":
            how = str(asked["how"]), str(asked["path"]), int(asked.get("position", 0))
            self.project.change({form: setting.changed_list(form, values, *how)})
            return
        typed = asked["values"]
        after = setting.typed_into(form, values, typed)
        parts = {form: after}
        shared = {name: after[name] for name in ("currency", "timezone") if name in typed}
        if form != "assumptions" and shared:  # one for both
            other = "today" if form == "proposal" else "proposal"
            parts[other] = {**self.project.state[other], **shared}
        drag = str(asked.get("drag", ""))
        self.project.change(parts, field=f"{form}.{min(typed)}.{drag}", drag=bool(drag))

    def _files(self, files: list[Mapping[str, Any]]) -> None:
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
            self.draft = {
                "files": orders,
                "balances": kept,
                "how": {},
                "columns": {},
                "answers": {},
                "confirmed": False,
            }
        else:
            base = (
                before
                if "files" in before
                else {"files": [], "how": {}, "columns": {}, "answers": {}, "confirmed": False}
            )
            self.draft = {**base, "balances": balances}
        self._try_draft()

    def _edit_orders(self, parts: Mapping[str, Any]) -> None:
        base = self.draft or self.project.state["orders"]
        if "files" not in base:
            raise InputError("These are the example shop's orders. Add a file of your own first.")
        after = dict(base)
        for name in ("how", "columns", "answers"):
            if name in parts:
                after[name] = {**base.get(name, {}), **parts[name]}
        for name in ("balances", "confirmed"):
            if name in parts:
                after[name] = parts[name]
        if "balances_at" in parts and after.get("balances"):
            after["balances"] = {**after["balances"], "at": str(parts["balances_at"])}
        if isinstance(after.get("balances"), dict) and not any(after["balances"].get(k) for k in ("path", "each")):
            after["balances"] = None
        self.draft = after
        self._try_draft()

    def _try_draft(self) -> None:
        """Read a draft; it becomes the orders once it can be used and nobody must look at it."""
        assert self.draft is not None
        if not self.draft["files"]:
            self.draft_looked = reading.Looked(
                message=f"{self.draft['balances']['name']} is here. Now add your orders."
            )
            return
        self.draft_looked = found = reading.look(self.draft, currency=self.currency)
        if found.orders is not None and not found.needs_a_look:
            self._take(self.draft, found)

    def _take(self, source: dict[str, Any], found: reading.Looked | None = None) -> None:
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
        parts["replayed"] = can_replay
        if not can_replay:
            found.notices.append("These orders name no customers or no dates: each is worked out by itself.")
        self.looked, self._read_as = found, source
        self.draft = self.draft_looked = None
        self.project.change(parts)

    def _open_setting(self, path: Path) -> None:
        program = load_program(path)
        values = values_of(program.model_dump())
        if setting.read("proposal", values) != program:
            raise InputError(
                "This setting has parts that the page has no fields for, and nothing is left out in silence."
            )
        self.project.change({"proposal": values})

    @property
    def currency(self) -> str:
        """ISO 4217 code of the proposal."""
        return str(self.project.state["proposal"].get("currency") or "INR")

    # What follows from it.

    def _refresh(self) -> None:
        """Read what changed and work out the figures; what cannot be used is marked, the last good figures stay."""
        state = self.project.state
        if self._read_as != state["orders"]:
            self.looked, self._read_as = reading.look(state["orders"], currency=self.currency), state["orders"]
            self.session = None
        found = self.looked
        if found.orders is None:
            self.session = self.outcome = self.today = None
            self.message = self.message or found.message
            return
        self.problems = {}
        read: dict[str, Any] = {}
        for form in FORMS:
            try:
                read[form] = setting.read(form, state[form])
            except InputError as error:
                self.problems[form] = setting.marks(error.problems, form, state[form])
        if self.problems:
            return
        try:
            self._work_out(read["proposal"], read["today"], read["assumptions"])
        except InputError as error:
            found_at = setting.marks(error.problems, "proposal", state["proposal"])
            self.problems = {"proposal": found_at} if found_at else {"": {"": str(error)}}
            self.message = plain(str(error))
        except MemoryError:
            self.message = "This computer's memory is not enough for it. The figures are those of the setting before."
        except Exception as error:
            kind = type(error).__name__  # alone: its text may hold a customer's data
            LOG.error("the figures were not worked out: %s", kind)
            self.message = f"This did not work, and that is a fault of the app, not yours ({kind})."

    def _work_out(self, proposal: Program, today: Program, believed: Assumptions) -> None:
        orders, label = self.looked.orders, self.looked.label
        assert orders is not None
        if self.project.state["replayed"] and proposal.earning is None:
            raise InputError(_NO_EARNING)
        session = self.session
        if session is None or session.orders is not orders:
            replayed = bool(self.project.state["replayed"])
            session = Session(orders, label=label, today=today, assumptions=believed, replayed=replayed)
        else:
            session.change(
                today=None if session.today == today else today,
                assumptions=None if session.assumptions == believed else believed,
                replayed=bool(self.project.state["replayed"]),
            )
        outcome = session.outcome(proposal)
        self.happened = what_happened(orders, today) if session is not self.session else self.happened
        self.session, self.outcome, self.today = session, outcome, session.todays(proposal)

    def _check_whole(self) -> None:
        if self.problems or self.outcome is None:
            raise InputError("Please correct the fields in red first; the figures are of the setting before.")

    def levers(self) -> list[setting.Lever]:
        """The levers of the proposal."""
        values = self.project.state["proposal"]
        return setting.levers(values, str(values.get("points_label") or "points"))

    def reach(self, lever: setting.Lever) -> tuple[float, float, float] | None:
        """From, to and step of a lever's slider."""
        if self.session is None:
            return None
        if lever.path == setting.WORTH:
            return 0.05, 2.0, 0.05
        if lever.unit == "percent":
            return (1.0 if "offers" in lever.path else 0.0), 100.0, 1.0
        most = usual_cart(self.session.orders["cart_amount"].to_numpy(dtype="float64"))
        step = float(max(1, round(most / 500 / 10) * 10))
        return (step if "offers" in lever.path else 0.0), most, step


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
