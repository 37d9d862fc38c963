"""The report: the answer, what to type into Nector to have it, and why; then which orders, what is assumed, and how.

One list of sections is the content; :mod:`~nector_sim.report.page`, :mod:`~nector_sim.report.printed` and
:mod:`~nector_sim.report.workbook` write it down.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nector_sim._version import __version__
from nector_sim.economics.labels import SURE
from nector_sim.errors import InputError
from nector_sim.exploration.compare import compare
from nector_sim.exploration.comparison import Comparison
from nector_sim.exploration.session import Outcome, Session
from nector_sim.frames.columns import largest_balance
from nector_sim.orders.report import OrdersReport
from nector_sim.pictures.discount_by_cart import DiscountByCart
from nector_sim.pictures.limits import Limits
from nector_sim.pictures.style import new_figure, png, svg
from nector_sim.pictures.waterfall import Waterfall
from nector_sim.places import on_this_machine
from nector_sim.report.answer import RESAMPLES, months_to_divide_by, pair_in_words, sentence
from nector_sim.report.figures import in_words
from nector_sim.report.parts import Extra, Money, ReportPicture, Section, Share
from nector_sim.report.screens import not_on_screen, screens
from nector_sim.report.which_orders import facts_of, kinds_of, notes_of
from nector_sim.report.words import RANGES, called, field_help, field_name, field_names, field_value, plain
from nector_sim.rules.fields import fields_of, values_of
from nector_sim.rules.program import Program
from nector_sim.rules.review import review

#: The files that a report is written as.
ENDINGS = (".html", ".pdf", ".xlsx")
TYPE_THIS = "Type this into Nector"
#: Said in every report.
NOT_MODELLED = (
    "Points and discounts are exact under the stated rules; margins are estimates under the assumptions above.",
    "No extra sales are assumed: what customers who use points spend more is mostly who they are, not what points do. "
    "“Pays off from” says how many more orders would pay for the points.",
    "That GoKwik's checkout behaves as Nector's documented checkout is assumed: GoKwik publishes nothing about it.",
    f"{RANGES['why']} Ranges take in the assumptions that were given as lowest / likely / highest, too. They know of "
    "no season, price or competitor that the orders do not hold, and are no forecast of next year.",
)
#: Of the way in which balances came, by whether they were replayed.
_OF_BALANCES = {
    False: "Each order is worked out by itself, with the balance that came with it. A setting that gives less leaves "
    "customers more points for later orders, and that is not in these figures: they are right for single orders only.",
    True: "Each order is worked out with the balance that the replay of the orders before it left. Points from "
    "elsewhere (gifts, referrals) are in it only where they were given as grants or opening balances.",
}
#: Columns of figures beside the current setting's.
_COLUMNS = ("Figures", "This setting", f"{SURE} from", "to", "Your current setting")


@dataclass(frozen=True)
class Report:
    """A proposal beside today's setting, ready to be written down.

    Attributes
    ----------
    title : str
    label : str
        What the orders are.
    currency : str
    made_at : datetime
        In the shop's time zone.
    program : Program
        The proposal.
    sections : tuple of Section
        In their order: the answer, what to type into Nector, why, and what it rests on.
    pictures : tuple of ReportPicture
    """

    title: str
    label: str
    currency: str
    made_at: datetime
    program: Program = field(repr=False)
    sections: tuple[Section, ...] = field(repr=False)
    pictures: tuple[ReportPicture, ...] = field(repr=False)

    def save(self, path: str | Path) -> Path:
        """Write it as a page (``.html``), the page printed (``.pdf``) or a workbook (``.xlsx``), by the path's ending.

        Raises
        ------
        InputError
            For another ending, a file that cannot be written, or a PDF where no browser can print it.
        """
        path = on_this_machine(path, "save the report here, and copy it there")
        check_ending(path)
        try:
            path.write_bytes(self.as_file(path.suffix))
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
        return path

    def as_file(self, ending: str) -> bytes:
        """Give what :meth:`save` writes for an ending."""
        # A page needs no Excel library, and a workbook no browser.
        if ending == ".xlsx":
            from nector_sim.report.workbook import workbook

            return workbook(self)
        from nector_sim.report.page import html_report

        page = html_report(self)
        if ending == ".html":
            return page.encode()
        from nector_sim.report.printed import pdf

        return pdf(page)


def check_ending(path: Path) -> None:
    """Refuse a name that no report is written under, before one is made."""
    if path.suffix not in ENDINGS:
        raise InputError(f"{path} ends in none of {', '.join(ENDINGS)}, by which a report is written")


def make_report(
    comparison: Comparison,
    *,
    label: str | None = None,
    orders_report: OrdersReport | None = None,
    left_out: Sequence[tuple[str, int, float]] = (),
    rests: Sequence[str] = (),
    made_at: datetime | None = None,
) -> Report:
    """Put the report of a comparison together: a page for a merchant, with the answer first.

    Parameters
    ----------
    comparison : Comparison
        From :func:`nector_sim.compare`; its candidate is the setting that is proposed.
    label : str, optional
        What the orders are; left out, what they say of themselves.
    orders_report : OrdersReport, optional
        From :func:`nector_sim.inspect_orders`: how the orders were read, and which were left out.
    left_out : sequence of (str, int, float), optional
        Orders that were read and do not count beside those of `orders_report`, such as those of other days: what they
        are, how many, and the sum of their baskets in major units.
    rests : sequence of str, optional
        Sentences on what the figures rest on beside the orders, such as returns that are assumed.
    made_at : datetime, optional
        With a zone; left out, now.

    Returns
    -------
    Report
        ``.save("report.html")`` writes it; ``.pdf`` and ``.xlsx`` work, too.

    Examples
    --------
    >>> today = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> found = ns.compare(today, today.replaced({"offers.0.max_discount": 500}), ns.demo_orders().head(2000),
    ...                    assumptions=ns.load_assumptions(ns.data_path("assumptions/example.toml")), resamples=100)
    >>> report = make_report(found)
    >>> [section.title for section in report.sections][:3], report.save(folder / "report.html").name
    (['In short', 'Type this into Nector', 'Why'], 'report.html')
    """
    basis = comparison.basis
    said = label or str(basis.orders.attrs.get("label") or basis.orders.attrs.get("source") or "orders")
    how = comparison.how
    whose = Section(
        "Which orders",
        [*facts_of(comparison, orders_report=orders_report), *rests, *notes_of(orders_report)],
        ["Orders", "How many", "Amount"],
        [
            [kind.what, f"{kind.orders:,}", "" if kind.money is None else Money(kind.money)]
            for kind in kinds_of(comparison, orders_report=orders_report, left_out=left_out)
        ],
    )
    sections = _in_words_of(basis.candidate, [*_sections(comparison), whose, *_what_it_rests_on(comparison, said)])
    return Report(
        title=basis.candidate.name or "A setting for points",
        label=f"{said.removesuffix('.')}. {how[:1].upper()}{how[1:]}",
        currency=comparison.currency,
        made_at=(made_at or datetime.now().astimezone()).astimezone(ZoneInfo(basis.candidate.timezone)),
        program=basis.candidate,
        sections=tuple(sections),
        pictures=tuple(_pictures(comparison)),
    )


def report_of(session: Session, proposal: Outcome, **more: Any) -> Report:
    """Put the report of an exploration together; `more` as :func:`make_report` takes it."""
    comparison = compare(
        session.today_beside(proposal.program),
        proposal.program,
        session.orders,
        assumptions=session.assumptions,
        resamples=RESAMPLES if "customer_id" in session.orders else 0,
        replayed=session.replayed,
    )
    taken = "" if session.today_beside(proposal.program) == session.today else session.balances.rpartition(". ")[2]
    rests = [*more.pop("rests", ()), *([taken] if taken else [])]
    return make_report(comparison, label=more.pop("label", session.label), rests=rests, **more)


def _in_words_of(program: Program, sections: Sequence[Section]) -> Iterator[Section]:
    """Call points what this shop calls them; Nector's screens keep their own words."""
    label = program.points_label
    for section in sections:
        if section.title == TYPE_THIS:
            yield section
            continue
        notes = [called(note, label) for note in section.notes]
        rows = [[called(cell, label) if isinstance(cell, str) else cell for cell in row] for row in section.rows]
        yield section._replace(notes=notes, rows=rows)


def _sections(comparison: Comparison) -> Iterator[Section]:
    """What it says."""
    yield _answer(comparison)
    program = comparison.basis.candidate
    aside = [
        f"Nector's screens have no field for this, so it cannot be typed in: {what}" for what in not_on_screen(program)
    ]
    first = "Log in to Nector and open Third Party Checkouts → GoKwik. The fields are in the order of its screens."
    yield Section(TYPE_THIS, [first, *aside], ["Screen", "Field", "Value"], screens(program))
    yield _why(comparison)
    if findings := review(program, largest_balance=largest_balance(comparison.basis.orders)):
        labels = field_names(program)
        yield Section("Look at this", [plain(f"{labels.get(f.place, f.place)}: {f.what}") for f in findings])
    columns = ["Limited by", "Share of orders, this setting", "your current setting"]
    yield Section("What limits the discounts", columns=columns, rows=_mix(comparison))
    columns = ["Field", "This setting", "Your current setting"]
    yield Section("The setting", columns=columns, rows=_beside(program, comparison.basis.baseline))


def _what_it_rests_on(comparison: Comparison, label: str) -> Iterator[Section]:
    """What must be believed, and how somebody else can tell that they have the same."""
    yield Section("What is assumed about the shop", columns=["What", "Value", "Meaning"], rows=_beliefs(comparison))
    yield Section("What is not in it", [*NOT_MODELLED, _OF_BALANCES[comparison.replayed]])
    yield Section("Made with", columns=["What", "Value"], rows=_provenance(comparison, label))


def _answer(comparison: Comparison) -> Section:
    """The answer: a sentence, and four figures with their ranges beside those of the current setting."""
    basis, now, before = comparison.basis, comparison.candidate, comparison.baseline
    by = months_to_divide_by(basis.months)
    per = " a month" if by > 1 else ""
    words = sentence(basis.candidate, now, basis.baseline, before, basis.months)
    if basis.candidate != basis.baseline and round(comparison.incremental_margin / by):
        pair: Any = comparison.ranges.loc["incremental_break_even_uplift_users"]
        words += f" {pair_in_words(float(pair['value']), keeps=comparison.incremental_margin > 0)}"
    rows = [
        _figure(comparison, f"Costs you{per}", "cost_of_program", Money, by),
        _figure(comparison, f"Margin{per}", "margin", Money, by),
        _figure(comparison, "Discount, of sales", "discount_rate", Share),
        _figure(comparison, "Pays off from extra orders", "break_even_uplift", Extra),
    ]
    return Section("In short", [words], _COLUMNS, rows)


def _why(comparison: Comparison) -> Section:
    """What the answer is made of: in words, and the sums of all orders."""
    rows = [
        _figure(comparison, "Discount", "discount", Money),
        _figure(comparison, "Cost of points", "cost_of_program", Money),
        _figure(comparison, "Margin without points", "margin_without", Money),
        _figure(comparison, "Margin with points", "margin", Money),
        _figure(comparison, "Orders that can use points", "share_could_redeem", Share),
    ]
    notes = [plain(line) for line in in_words(comparison)]
    return Section("Why", notes, ["In all", *_COLUMNS[1:]], rows)


def _figure(comparison: Comparison, words: str, name: str, kind: Any, by: float = 1.0) -> list[Any]:
    """A row of a figure, its range where there is one, and that of the current setting."""
    ranges: Any = comparison.ranges
    found, before = (ranges.loc[f"{side}.{name}"] / by for side in ("candidate", "baseline"))
    low, high = (kind(found[end]) if end in ranges else "" for end in ("low", "high"))
    return [words, kind(found["value"]), low, high, kind(before["value"])]


def _beside(program: Program, today: Program) -> list[list[str]]:
    """Every field that either of two programs fills in."""
    new, old = values_of(program.model_dump()), values_of(today.model_dump())
    shown = {
        item.path: item
        for values in (old, new)
        for top in fields_of(type(program), values)
        for item in top.all()
        if item.shape not in ("group", "list")
    }
    return [
        [field_name(item), *(field_value(item, values.get(path, "")) for values in (new, old))]
        for path, item in shown.items()
        if new.get(path) not in (None, "") or old.get(path) not in (None, "")
    ]


def _mix(comparison: Comparison) -> list[list[Any]]:
    from nector_sim.calculator.reasons import SENTENCES

    now, before = comparison.candidate.limited_by, comparison.baseline.limited_by
    return [
        [words, Share(now.get(reason, 0.0)), Share(before.get(reason, 0.0))]
        for reason, words in SENTENCES.items()
        if reason in now or reason in before
    ]


def _beliefs(comparison: Comparison) -> list[list[str]]:
    believed = comparison.basis.assumptions
    values = values_of(believed.model_dump())
    units = {"percent": " %", "money": f" {comparison.currency}"}
    return [
        [
            field_name(item),
            f"{field_value(item, values[item.path])}{units.get(item.unit, '')}",
            field_help(item),
        ]
        for item in fields_of(type(believed), values)
        if item.path in values
    ]


def _provenance(comparison: Comparison, label: str) -> list[list[str]]:
    """Versions and hashes, so that somebody else can tell whether they have the same."""
    basis = comparison.basis
    rows = [["nector_sim", __version__], ["Python", platform.python_version()]]
    rows += [[name, version(name)] for name in ("numpy", "pandas", "numba")]
    rows += [["Orders", label], ["Balances", "replayed" if comparison.replayed else "each order by itself"]]
    rows += [["SHA-256 of carts and balances", basis.fingerprint()]]
    return [*rows, ["SHA-256 of this setting", sha256(basis.candidate.to_json().encode()).hexdigest()]]


def _pictures(comparison: Comparison) -> Iterator[ReportPicture]:
    basis, now, before = comparison.basis, comparison.candidate, comparison.baseline
    same = basis.candidate == basis.baseline
    curve = DiscountByCart(new_figure().subplots(), currency=comparison.currency)
    curve.update(basis.candidate, orders=basis.discounts, today=None if same else basis.baseline)
    limits = Limits(new_figure().subplots())
    limits.update(now.limited_by, today=None if same else before.limited_by)
    steps = Waterfall(new_figure().subplots(), currency=comparison.currency)
    steps.update(now)
    for title, drawn in (("Discount by cart size", curve), ("What limits it", limits), ("From sales to margin", steps)):
        figure: Any = drawn.ax.get_figure(root=True)
        yield ReportPicture(title, svg(figure, drawn.describe()), png(figure), drawn.describe())
