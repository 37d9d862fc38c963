"""Hold any calculator against the exact one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from nector_sim._progress import Progress, long_call, tell
from nector_sim.calculator.exact import Law, Order
from nector_sim.errors import InputError
from nector_sim.parity.answers import OPTIONAL, Theirs, check_left_out, order_fields
from nector_sim.parity.callers import Caller, FunctionCaller, UrlCaller
from nector_sim.parity.explaining import Compared, explain_mismatches
from nector_sim.parity.generate import generate
from nector_sim.parity.records import GIVEN, law_orders, read_frame, read_given
from nector_sim.parity.report import ParityReport, parity_report
from nector_sim.rules.program import Program, ProgramLike, as_program


@long_call("cases")
def check_parity(
    program: ProgramLike | None,
    orders: Any = None,
    *,
    calculator: Caller | Callable[..., Any] | str | None = None,
    columns: Mapping[str, str] | None = None,
    n: int = 2000,
    seed: int = 0,
    leave_out: Collection[str] = (),
    progress: Progress | None = None,
) -> ParityReport:
    """Compare a calculator, or a record of what one gave, with the exact calculator.

    Mismatches are grouped by the named choices (``data/law/redemption.md``, section 8) that explain them, each
    verified on all rows; what no choice explains is called unexplained.

    Parameters
    ----------
    program : Program, optional
        What the merchant sets. None, with a calculator and without orders: generated programs too.
    orders : path, str, pandas.DataFrame, or any table with an Arrow interface, shape (m, any), optional
        Columns as for :func:`nector_sim.score`. Without `calculator` it is a record: ``discount`` (major units; or
        ``discount_given``, as an export was read) is what the checkout gave, and ``points_redeemed``, ``payable`` and
        ``credits_used`` are compared where present. Left out: cases are generated that visit every corner of the
        rules.
    calculator : Caller, callable or str, optional
        A function (see :class:`~nector_sim.parity.callers.FunctionCaller`), ``"module:function"``, a URL (see
        :class:`~nector_sim.parity.callers.UrlCaller`, which also takes a rate and timeouts), or any
        :class:`~nector_sim.parity.callers.Caller`.
    columns : mapping of str to str, optional
        Our column name to theirs: ``{"cart_amount": "order_total"}``.
    n : int
        How many cases to generate.
    seed : int
        The same seed gives the same cases.
    leave_out : collection of str
        What generated orders never have, because the calculator knows nothing of it: ``credits``,
        ``points_requested``, ``tier``, ``ordered_at``, ``eligible_amount``, ``coupon_discount``.
    progress : callable, optional
        Called after each order with the number of orders answered and the number of all orders.

    Returns
    -------
    ParityReport

    Raises
    ------
    InputError
        If there is nothing to compare, or a calculator cannot be reached.
    OrdersError
        Listing every row that cannot be used (``.rejects``).

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> record = pd.DataFrame({"cart_amount": ["749.95"], "points_balance": [5000],
    ...                        "points_redeemed": [650], "discount": ["649.95"]})
    >>> report = check_parity(program, record)
    >>> report.agreements, report.groups[0].choices[0]
    (0, ('steps_whole',))
    >>> check_parity(program, calculator=ns.quote, n=500, seed=1).agrees
    True
    """
    program = None if program is None else as_program(program)
    if leave_out and orders is not None:
        raise InputError("leave_out is for generated orders; take the columns out of yours instead")
    if columns and orders is None:
        raise InputError("columns names those of orders, and there are none; leave it out")
    if calculator is None:
        if program is None or orders is None:
            raise InputError("there is nothing to compare: give a program and a record, or a calculator")
        frame = read_frame(orders, columns or {})
        compared = Compared([program], [0] * len(frame), law_orders(program, frame))
        compared.theirs = read_given(program, frame)
        name = "the record"
    else:
        caller = _caller(calculator)
        questions = (
            _asked(program, orders, columns or {}) if orders is not None else _generated(program, n, seed, leave_out)
        )
        compared, name = _ask(caller, list(questions)), caller.name
    laws = [Law(one) for one in compared.programs]
    compared.ours = [
        laws[number].answer(order) for number, order in zip(compared.program_of, compared.orders, strict=True)
    ]
    groups = explain_mismatches(compared, compared.mismatches())
    return parity_report(compared, groups, calculator=name, one_program=program is not None)


def _caller(calculator: Caller | Callable[..., Any] | str) -> Caller:
    if isinstance(calculator, str):
        is_url = calculator.lower().startswith(("http://", "https://"))
        return UrlCaller(calculator) if is_url else FunctionCaller.load(calculator)
    return calculator if isinstance(calculator, Caller) else FunctionCaller(calculator)


#: An order with its program, and its fields for a caller.
_Question = tuple[Program, Order, dict[str, Any]]


def _ask(caller: Caller, questions: list[_Question]) -> Compared:
    compared = Compared()
    for program, order, _ in questions:
        if not compared.programs or compared.programs[-1] is not program:
            compared.programs.append(program)
        compared.program_of.append(len(compared.programs) - 1)
        compared.orders.append(order)
    for answer in _answers(caller, questions):
        compared.theirs.append(answer)
        tell(len(compared.theirs), len(questions))
    return compared


def _answers(caller: Caller, questions: list[_Question]) -> Iterator[Theirs]:
    """Answers in the order of the questions; a caller may be asked several at once."""
    at_once = getattr(caller, "at_once", 1)
    if at_once == 1:
        yield from (caller.ask(program, fields) for program, _, fields in questions)
        return
    pool = ThreadPoolExecutor(at_once)
    try:
        yield from pool.map(lambda question: caller.ask(question[0], question[2]), questions)
    finally:
        pool.shutdown(cancel_futures=True)


def _generated(program: Program | None, n: int, seed: int, leave_out: Collection[str]) -> Iterator[_Question]:
    if n < 1:
        raise InputError("the number of cases must be 1 or more")
    check_left_out(leave_out)
    without: dict[str, Any] = dict(OPTIONAL[name] for name in leave_out)
    for one, orders in generate(n, seed=seed, program=program):
        for order in orders:
            order = replace(order, **without)
            yield one, order, order_fields(one, order)


def _asked(program: Program | None, orders: Any, columns: Mapping[str, str]) -> Iterator[_Question]:
    if program is None:
        raise InputError("orders need the program that they are worked out with; give it")
    frame = read_frame(orders, columns)
    read = law_orders(program, frame)
    known = {"cart_amount", "points_balance", *OPTIONAL, *GIVEN}
    others = frame[[name for name in frame if name not in known]].to_dict("records")
    for order, other in zip(read, others, strict=True):
        yield program, order, {str(name): value for name, value in other.items()} | order_fields(program, order)
