"""The desk: the project, its orders in memory and what the setting does to them, one change at a time."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from typing import Any

from nector_sim.app import reading, scenarios, setting
from nector_sim.app.adding import Adding
from nector_sim.app.later import Later
from nector_sim.app.page import FORMS, state_of
from nector_sim.app.project import Project, first_state
from nector_sim.app.reach import Reaches
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.happened import Happened, what_happened
from nector_sim.errors import InputError
from nector_sim.exploration.session import Outcome, Session
from nector_sim.report.words import plain
from nector_sim.rules.program import Program

LOG = logging.getLogger(__name__)
_NO_EARNING = (
    "Say how coins are earned: open “How coins are earned” below the sliders and switch on Earning. Or choose “each "
    "order by itself” under Unused coins."
)
_NO_BALANCES = (
    "These orders do not say what customers have, so no order can be worked out by itself. Add balances under Your "
    "orders, or choose “kept for the next order” under Unused coins."
)


class Desk:
    """What the page shows and changes.

    Parameters
    ----------
    project : Project
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.adding = Adding(project)
        self.later = Later(self)
        self.version = 1
        self.is_ready = False
        self.lock = threading.RLock()
        self.session: Session | None = None
        self.outcome: Outcome | None = None
        self.today: Outcome | None = None
        self.happened: Happened | None = None
        self._reaches: Reaches | None = None
        self.problems: dict[str, dict[str, str]] = {}
        self.message = ""

    def open(self) -> None:
        """Read the project's orders and work out its figures; meanwhile the page waits."""
        with self.lock:
            self._refresh()
            self.is_ready = True
            self.version += 1

    # What the page asks for.

    def state(self) -> dict[str, Any]:
        """Everything that the page shows at once."""
        with self.lock:
            return state_of(self)

    def act(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Do what the page asks, save it, and give the new state."""
        with self.lock:
            self.message = ""
            try:
                self._do(asked)
            except InputError as error:
                self.message = plain(str(error))
            self.version += 1
            return state_of(self)

    def report(self) -> Any:
        """The report of the setting; only of what is on the page."""
        from nector_sim.report.contents import report_of

        with self.lock:
            self._check_whole()
            assert self.session is not None
            assert self.outcome is not None
            looked = self.adding.looked
            how = {"label": looked.label, "rests": looked.rests, "orders_report": looked.report}
            return report_of(self.session, self.outcome, left_out=looked.left_out, **how)

    def setting_file(self) -> bytes:
        """The proposal as a file."""
        with self.lock:
            self._check_whole()
            assert self.outcome is not None
            return self.outcome.program.to_toml().encode()

    def project_file(self) -> bytes:
        """The whole project as a file."""
        with self.lock:
            return json.dumps({"version": 1, "state": self.project.state}, ensure_ascii=False, indent=1).encode()

    def scenarios_file(self, ending: str) -> bytes:
        """The scenarios side by side, as ``csv`` or ``xlsx``."""
        from nector_sim.app import scenario_files

        found = self.later.work("scenarios", self.later.marks()["scenarios"])
        if found is None:
            raise InputError("There are no orders yet, so there is nothing to compare.")
        return scenario_files.as_csv(found) if ending == "csv" else scenario_files.as_workbook(found)

    def rejects(self) -> bytes:
        """Rows that cannot be used, as a CSV file without formulas."""
        import polars as pl

        from nector_sim.batch.formulas import harmless

        with self.lock:
            report = self.adding.shown[0].report
            if report is None:
                raise InputError("There are no such rows.")
            return harmless(pl.from_pandas(report.rejects.astype("string"))).write_csv(include_bom=True).encode()

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
                self.adding.leave()
                self.project.undo()
            case "redo":
                self.adding.leave()
                self.project.redo()
            case "ask":
                tab, values = str(asked["tab"]), {str(name): str(value) for name, value in asked["values"].items()}
                typed = {**state["asked"].get(tab, {}), **values}
                self.project.change({"asked": {**state["asked"], tab: typed}}, field=f"{tab}.{min(values)}")
                return  # no figure rests on it
            case "scenario":
                if asked.get("how") in ("add", "use"):
                    self._check_whole()
                self.project.change(scenarios.changed(state, asked))
            case "replayed":
                self.project.change({"replayed": bool(asked["value"])})
            case "shop":
                if not reading.is_example(str(asked.get("shop"))):
                    raise InputError("There is no such example shop.")
                self.adding.take({"shop": asked["shop"]})
            case "files":
                self.adding.add(asked["files"])
            case "orders":
                self.adding.edit(asked["parts"])
            case "use":
                self.adding.edit({"confirmed": True})
            case "cancel":
                self.adding.leave()
            case "new":
                self.adding.leave()
                self.project.change(first_state())
            case "forget":
                self.adding.leave()
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

    # What follows from it.

    def _refresh(self) -> None:
        """Read what changed and work out the figures; what cannot be used is marked, the last good figures stay."""
        state = self.project.state
        if self.adding.is_other:
            self.session = self.outcome = self.today = self.happened = self._reaches = None
            self.adding.refresh()
        found = self.adding.looked
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
            self.problems = {"proposal": found_at} if found_at else {"": {"": plain(str(error))}}
            self.message = plain(str(error))
        except MemoryError:
            self.message = "This computer's memory is not enough for it. The figures are those of the setting before."
        except Exception as error:
            kind = type(error).__name__  # alone: its text may hold a customer's data
            LOG.error("the figures were not worked out: %s", kind)
            self.message = f"This did not work, and that is a fault of the app, not yours ({kind})."

    def _work_out(self, proposal: Program, today: Program, believed: Assumptions) -> None:
        looked = self.adding.looked
        if self.project.state["replayed"] and proposal.earning is None:
            raise InputError(_NO_EARNING)
        session, replayed = self.session, bool(self.project.state["replayed"])
        if not replayed and looked.orders is not None and "points_balance" not in looked.orders:
            raise InputError(_NO_BALANCES)
        orders = looked.begun(today if today.earning is not None else proposal, believed)
        if session is None or session.orders is not orders:
            session = Session(orders, label=looked.name, today=today, assumptions=believed, replayed=replayed)
        before = session.today, session.assumptions, session.replayed
        _change(session, today, believed, replayed)
        try:
            outcome = session.outcome(proposal)
        except BaseException:
            _change(session, *before)  # what is worked out later belongs to the figures that stay
            raise
        if session is not self.session:
            self.happened, self._reaches = what_happened(orders, today), Reaches(session)
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
        if self._reaches is None or self.outcome is None:
            return None
        return self._reaches.of(lever, self.outcome.program)


def _change(session: Session, today: Program, believed: Assumptions, replayed: bool) -> None:
    session.change(
        today=None if session.today == today else today,
        assumptions=None if session.assumptions == believed else believed,
        replayed=replayed,
    )
