"""The compiled law: the worked examples of the rules, and equality with the exact law."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from nector_sim.calculator import loops
from nector_sim.calculator.compiled import COMPILED, PLAIN, Columns, Counts, Results, answer, answer_floats, new_results
from nector_sim.calculator.exact import Answer, Law, Order
from nector_sim.calculator.parameters import compile_program
from nector_sim.calculator.reasons import REASONS
from nector_sim.rules import money
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS, WHOLE
from nector_sim.rules.program import Program
from nector_sim.rules.times import NO_TIME

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)

AMPLE = 1_000_000


def step(k, d, **more):
    return {"kind": "variable_amount", "points_per_step": k, "discount_per_step": d, **more}


def fixed(amount):
    return {"kind": "fixed", "amount": amount}


def percent(percentage):
    return {"kind": "percent", "percent": percentage}


DEFAULT = step(1, 1, max_discount=1000)
STEPS = step(100, 10, max_discount=200)
ONE_SIZE = {"kind": "fixed_amount", "points": 100, "discount": 10}

# Section 6: offer, cart, balance, minimum payable, points, discount, payable, limited_by (where the table has it).
WORKED = [
    (step(1, 1), "500", AMPLE, fixed(100), 400, "400", "100", None),
    (step(1, 1), "500", AMPLE, None, 500, "500", "0", None),
    (DEFAULT, "1500", AMPLE, None, 1000, "1000", "500", None),
    (step(100, 10), "1000", 500, None, 500, "50", "950", None),
    (STEPS, "1000", AMPLE, None, 2000, "200", "800", None),
    (step(100, 5, max_discount=20), "1000", AMPLE, None, 400, "20", "980", None),
    (ONE_SIZE, "1000", 500, None, 100, "10", "990", None),
    (step(1, 1, min_cart_multiple=4), "200", AMPLE, None, 50, "50", "150", None),
    (DEFAULT, "500", 250, fixed(100), 250, "250", "250", "balance"),
    (DEFAULT, "500", 5000, percent(20), 400, "400", "100", "min_payable"),
    (DEFAULT, "2000", 5000, percent(20), 1000, "1000", "1000", "max_discount"),
    (DEFAULT, "80", 5000, fixed(100), 0, "0", "80", "min_payable"),
    (DEFAULT, "100", 5000, fixed(100), 0, "0", "100", "min_payable"),
    (DEFAULT, "499", 5000, percent(20), 399, "399", "100", "min_payable"),
    (DEFAULT, "749.95", 5000, fixed(100), 649, "649", "100.95", "min_payable"),
    (DEFAULT, "749.95", 5000, percent(20), 599, "599", "150.95", "min_payable"),
    (DEFAULT, "500", 5000, percent(100), 0, "0", "500", "min_payable"),
    (STEPS, "255", 5000, fixed(100), 1500, "150", "105", "min_payable"),
    (STEPS, "105", 5000, fixed(100), 0, "0", "105", "min_payable"),
    (STEPS, "1000", 1050, fixed(100), 1000, "100", "900", "balance"),
    (STEPS, "1000", 99, None, 0, "0", "1000", "balance"),
    (step(100, 10, max_discount=25), "1000", 5000, None, 200, "20", "980", "max_discount"),
    (step(1, 1, min_cart=500, max_discount=200), "499", 5000, None, 0, "0", "499", "min_cart"),
    (step(1, 1, min_cart=500, max_discount=200), "500", 5000, None, 200, "200", "300", "max_discount"),
    (
        {"kind": "fixed_percent", "points": 100, "percent": 80},
        *("100.01", 5000, percent(20), 100, "80.00", "20.01", "offer"),
    ),
    (
        {"kind": "fixed_percent", "points": 100, "percent": 10, "max_discount": 10},
        *("100.05", 5000, None, 100, "10.00", "90.05", "max_discount"),
    ),
    (
        {"kind": "variable_percent", "points_per_step": 100, "percent_per_step": 10, "max_discount": 200},
        *("200", 5000, None, 1000, "200", "0", "max_discount"),
    ),
    (
        {"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 1, "currency": "JPY"},
        *("50", 3, None, 2, "1", "49", "balance"),
    ),
]


@pytest.mark.parametrize("case", WORKED)
def test_worked_examples(case):
    offer, cart, balance, min_payable, points, discount, payable, limited_by = case
    program = Program(
        currency=offer.get("currency", "INR"),
        offers=[{field: value for field, value in offer.items() if field != "currency"}],
        min_payable=min_payable,
    )
    scale = 10**program.decimals
    minor = [int(Decimal(amount) * scale) for amount in (cart, discount, payable)]
    exact = Law(program).answer(Order(minor[0], balance))
    limited_by = limited_by or exact.limited_by
    expected = Answer(0 if points else None, points, minor[1], minor[2], 0, limited_by)
    assert exact == expected
    tables, orders = compile_program(program), Columns(np.array([minor[0]]), np.array([balance]))
    for way in (COMPILED, PLAIN):
        assert answers(answer(tables, orders, loops=way)) == [expected]
    floats = Columns(np.array([float(cart)]), np.array([float(balance)]))
    results, counts = answer_floats(tables, floats, scale=float(scale))
    assert (results.discount[0], results.payable[0]) == (float(discount), float(payable))
    assert (results.points[0], REASONS[results.limited_by[0]], counts) == (points, limited_by, Counts(0, 0, 0))


def answers(results):
    """Compiled results in the form of exact ones."""
    size = len(results.points)
    credits_used = [0] * size if results.credits_used is None else results.credits_used.tolist()
    offers = [None if offer < 0 else offer for offer in results.offer.tolist()]
    reasons = [REASONS[code] for code in results.limited_by]
    rows = (offers, results.points.tolist(), results.discount.tolist(), results.payable.tolist(), credits_used, reasons)
    return list(itertools.starmap(Answer, zip(*rows, strict=True)))


def orders_of(tables, columns):
    """The same orders, one by one, for the exact law."""

    def column(name, absent):
        array = getattr(columns, name)
        return [absent] * len(columns.cart) if array is None else array.tolist()

    absent = (0, 0, 0, -1, -1, NO_TIME, None, 0)
    for cart, balance, credits, requested, tier, at, eligible, coupon in zip(
        *(column(*pair) for pair in zip(Columns._fields, absent, strict=True)), strict=True
    ):
        yield Order(
            cart,
            balance,
            credits,
            None if requested < 0 else requested,
            None if tier < 0 else tables.tier_names[tier],
            None if at == NO_TIME else datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at),
            None if eligible is None or eligible > cart else eligible,
            coupon,
        )


# Random programs and orders, with a liking for edges.


def an_amount(luck, decimals, least=1):
    sizes = (30, 2_000, 200_000, 200_000, MAX_MINOR)
    minor = luck.choice([luck.randint(least, luck.choice(sizes)), 10 ** luck.randint(0, 11)])
    return Decimal(minor).scaleb(-decimals)


def a_percentage(luck):
    return Decimal(luck.choice([luck.randint(1, 300), luck.randint(1, 10_000), 8_000, 12_000, 3_333, 10**6])) / 100


def an_offer(luck, decimals):
    kind = luck.choice(["variable_amount", "variable_amount", "fixed_amount", "variable_percent", "fixed_percent"])
    cost = luck.choice([1, 1, 2, 7, 100, luck.randint(1, 300), MAX_POINTS])
    offer = {"kind": kind, "points_per_step" if kind.startswith("variable") else "points": cost}
    match kind:
        case "variable_amount":
            offer["discount_per_step"] = an_amount(luck, decimals)
            optional = {"max_discount": an_amount(luck, decimals), "max_discount_percent": a_percentage(luck)}
        case "fixed_amount":
            offer["discount"] = an_amount(luck, decimals)
            optional = {}
        case "variable_percent":
            offer["percent_per_step"] = a_percentage(luck)
            optional = {"max_percent": a_percentage(luck), "max_discount": an_amount(luck, decimals)}
        case _:
            offer["percent"] = a_percentage(luck)
            optional = {"max_discount": an_amount(luck, decimals)}
    optional |= {
        "min_cart": an_amount(luck, decimals, least=0),
        "max_cart": an_amount(luck, decimals),
        "min_cart_multiple": Decimal(luck.choice([1, 10_000, 15_000, 33_333, luck.randint(1, 10**5), 10**7])) / 10_000,
        "tiers": luck.choice([[], ["gold"], ["gold", "silver"], ["gold"]]),
        "starts_at": NEW_YEAR + timedelta(microseconds=luck.randint(-3, 3)),
        "ends_at": NEW_YEAR + timedelta(microseconds=luck.randint(-3, 3)),
    }
    chance = luck.choice([0, 0.15, 0.4])
    return offer | {field: value for field, value in optional.items() if luck.random() < chance}


def a_program(luck):
    currency, decimals = luck.choice([("INR", 2), ("INR", 2), ("JPY", 0), ("KWD", 3)])
    minimum = luck.choice(
        [None, fixed(an_amount(luck, decimals, least=0)), percent(min(100, a_percentage(luck))), percent(20)]
    )
    offers = [an_offer(luck, decimals) for _ in range(luck.choice([0, 1, 1, 1, 1, 2, 3, 5]))]
    return Program(currency=currency, enabled=luck.random() < 0.97, offers=offers, min_payable=minimum)


def some_orders(luck, program, size):
    """Orders on the edges of a program: at its limits, one unit off them, and anywhere."""
    law, tables = Law(program), compile_program(program)
    base = law.min_payable_amount
    amounts, points = {1, 200, base, MAX_MINOR}, {1, MAX_POINTS}
    for terms in law.offers:
        given = {terms.amount, terms.max_discount or 1, terms.min_cart, terms.max_cart or 1}
        amounts |= given | {base + amount for amount in given} | {3 * terms.amount}
        points |= {terms.points, 3 * terms.points}
    amounts, points = sorted(amounts), sorted(points)

    def near(values, most, spread):
        edge = luck.choice(values) + luck.choice([-1, 0, 0, 1])
        return min(most, max(0, luck.choice([edge, luck.randint(0, spread), luck.randint(0, most)])))

    def column(draw, dtype=np.int64, chance=0.5):
        return np.array([draw() for _ in range(size)], dtype) if luck.random() < chance else None

    return Columns(
        cart=column(lambda: near(amounts, MAX_MINOR, luck.choice([200, 300_000])), chance=1),
        balance=column(lambda: near(points, MAX_POINTS, 5_000), chance=1),
        credits=column(lambda: luck.choice([0, near(amounts, MAX_MINOR, 100_000)])),
        requested=column(lambda: luck.choice([-1, near(points, MAX_POINTS, 5_000)])),
        tier=column(lambda: luck.randint(-1, len(tables.tier_names) - 1), np.int16),
        at=column(lambda: luck.choice([NO_TIME, int(NEW_YEAR.timestamp()) * 10**6 + luck.randint(-4, 4)])),
    )


def mismatches(seed, programs, size, way):
    luck = random.Random(seed)
    for _ in range(programs):
        program = a_program(luck)
        tables, law, columns = compile_program(program), Law(program), some_orders(luck, program, size)
        found = answers(answer(tables, columns, loops=way))
        for order, compiled in zip(orders_of(tables, columns), found, strict=True):
            exact = law.answer(order)
            if compiled != exact:
                yield program, order, exact, compiled


@pytest.mark.parametrize("seed", range(5))
def test_compiled_equals_exact(seed):
    assert next(mismatches(seed, 100, 50, COMPILED), None) is None


def test_the_loops_as_plain_python_equal_exact():
    # Python warns where a 64-bit number wraps, and warnings are errors.
    assert next(mismatches(99, 200, 10, PLAIN), None) is None


# By hand: a cap of 200 that 10 % of a cart of 1000 reaches in just two steps clips nothing, so that a tie goes to the
# customer's own limit; a third step would be clipped, and is not charged.
UP_TO_200 = {"kind": "variable_percent", "points_per_step": 100, "percent_per_step": 10, "max_discount": 200}
JUST_REACHED = [
    (UP_TO_200, 200, -1, 200, "balance"),
    (UP_TO_200, 500, 200, 200, "requested"),
    (UP_TO_200, 500, 300, 200, "max_discount"),
    (UP_TO_200, 500, -1, 200, "max_discount"),
    (UP_TO_200 | {"max_percent": 20}, 500, -1, 200, "max_discount"),
    ({"kind": "fixed_percent", "points": 100, "percent": 20, "max_discount": 200}, 500, -1, 100, "offer"),
]


@pytest.mark.parametrize("way", [COMPILED, PLAIN])
@pytest.mark.parametrize(("offer", "balance", "requested", "points", "limited_by"), JUST_REACHED)
def test_a_cap_that_is_just_reached_clips_nothing(offer, balance, requested, points, limited_by, way):
    tables = compile_program(Program(offers=[offer]))
    columns = Columns(np.array([100_000]), np.array([balance]), requested=np.array([requested]))
    expected = Answer(0, points, 20_000, 80_000, 0, limited_by)
    assert answers(answer(tables, columns, loops=way)) == [expected]
    assert [Law(Program(offers=[offer])).answer(order) for order in orders_of(tables, columns)] == [expected]


@pytest.mark.parametrize(
    ("limit", "minimum", "steps", "limited_by"),
    [
        # The multiple leaves 100 / (5 · 10), two steps; the minimum payable three.
        ({"min_cart_multiple": 5}, fixed(700), 2, "min_cart"),
        ({"max_percent": 90}, None, 9, "max_discount"),
    ],
)
def test_a_limit_that_leaves_just_one_step_more_is_not_named(limit, minimum, steps, limited_by):
    # By hand: 10 % a step of a cart of 1000.
    offer = {"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 10, **limit}
    tables = compile_program(Program(offers=[offer], min_payable=minimum))
    found = answer(tables, Columns(np.array([100_000]), np.array([50])))
    assert answers(found) == [Answer(0, steps, steps * 10_000, 100_000 - steps * 10_000, 0, limited_by)]


def test_the_largest_numbers_fit():
    kinds = [
        step(MAX_POINTS, 9_000_000_000, max_discount_percent=10_000, min_cart_multiple=1000),
        step(1, "0.01", max_discount=9_000_000_000, max_discount_percent="99.99"),
        {"kind": "fixed_amount", "points": MAX_POINTS, "discount": 9_000_000_000},
        {"kind": "variable_percent", "points_per_step": MAX_POINTS, "percent_per_step": 10_000},
        {"kind": "variable_percent", "points_per_step": 1, "percent_per_step": "0.01", "min_cart_multiple": 1000},
        {"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 10_000, "max_discount": 9_000_000_000},
        {"kind": "fixed_percent", "points": 1, "percent": 10_000, "max_discount": 9_000_000_000},
    ]
    edges = [(cart, balance) for cart in (MAX_MINOR, MAX_MINOR - 1, 1, 0) for balance in (MAX_POINTS, 1, 0)]
    columns = Columns(*np.array(edges).T.copy())
    for offer, minimum in itertools.product(kinds, [None, percent("99.99"), percent(100), fixed(9_000_000_000)]):
        program = Program(offers=[offer], min_payable=minimum)
        tables, law = compile_program(program), Law(program)
        exact = [law.answer(order) for order in orders_of(tables, columns)]
        assert answers(answer(tables, columns)) == exact
        assert answers(answer(tables, columns, loops=PLAIN)) == exact


def test_whole_quotients_are_exact_up_to_the_largest():
    luck, top = random.Random(5), MAX_MINOR * WHOLE + WHOLE
    divisors = [1, 2, 3, 10**4, MAX_MINOR, MAX_MINOR * 10**6, *(luck.randint(1, 10**size) for size in range(1, 18))]
    for divisor in divisors:
        for times in {1, max(1, top // divisor), *(luck.randint(1, top // divisor + 1) for _ in range(200))}:
            for number in (times * divisor - 1, times * divisor, top):
                if number <= top:
                    assert loops._whole(np.int64(number), np.int64(divisor)) == number // divisor


def test_the_reasons_of_the_loops_are_those_of_their_owner():
    assert [getattr(loops, word.upper()) for word in REASONS] == list(range(len(REASONS)))


@pytest.mark.parametrize("offers", [[STEPS], [STEPS, {**ONE_SIZE, "tiers": ["gold"]}, DEFAULT]])
def test_rows_stand_alone(offers):
    # Neither cutting the orders into parts nor turning them around changes the answer of a row.
    luck = random.Random(3)
    program = Program(offers=offers, min_payable=percent(20))
    tables = compile_program(program)
    columns = some_orders(luck, program, 2 * loops.BLOCK + 5)
    whole = answer(tables, columns)
    turned = answer(tables, Columns(*(None if column is None else column[::-1] for column in columns)))
    for part in (slice(0, 1), slice(loops.BLOCK - 1, loops.BLOCK + 2), slice(5, None)):
        cut = answer(tables, Columns(*(None if column is None else column[part] for column in columns)))
        assert answers(cut) == answers(whole)[part]
    assert answers(turned) == answers(whole)[::-1]
    assert len(answer(tables, Columns(np.empty(0, np.int64), np.empty(0, np.int64))).points) == 0


@pytest.mark.parametrize("way", [COMPILED, PLAIN])
@pytest.mark.parametrize("minimum", [None, fixed(100), percent(20)])
@pytest.mark.parametrize("offers", [[STEPS], [ONE_SIZE], [STEPS, ONE_SIZE]])
def test_an_offer_that_is_not_wanted_changes_nothing_else(offers, minimum, way):
    program = Program(offers=offers, min_payable=minimum)
    tables, law = compile_program(program), Law(program)
    orders = some_orders(random.Random(7), program, 50)
    columns = Columns(orders.cart, orders.balance)
    exact = [law.answer(order) for order in orders_of(tables, columns)]
    everything = answer(tables, columns, loops=way)
    assert answers(everything) == exact
    unnamed = answer(tables, columns, new_results(columns)._replace(offer=None), loops=way)
    assert unnamed.offer is None
    assert answers(unnamed._replace(offer=everything.offer)) == exact


# By hand: a minimum of 0.01 % holds back one paisa of 100 rupees; a fixed one of 100 leaves what lies above it.
@pytest.mark.parametrize("way", [COMPILED, PLAIN])
@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize(
    ("minimum", "cart", "discount", "limited_by"),
    [
        (None, 10_000, 10_000, "cart"),
        (percent("0.01"), 10_000, 9_999, "min_payable"),
        (percent("0.01"), 1, 0, "min_payable"),
        (fixed(100), 10_001, 1, "min_payable"),
        (fixed(100), 10_000, 0, "min_payable"),
    ],
)
def test_a_minimum_holds_back_the_last_paisa(minimum, cart, discount, limited_by, wanted, way):
    tables = compile_program(Program(offers=[step(1, "0.01")], min_payable=minimum))
    expected = Answer(0 if discount else None, discount, discount, cart - discount, 0, limited_by)
    columns = Columns(np.array([cart]), np.array([AMPLE]))
    floats = float_columns([cart / 100], [AMPLE])
    found, in_floats = new_results(columns), new_results(floats, money=np.float64)
    if not wanted:
        found, in_floats = found._replace(offer=None), in_floats._replace(offer=None)
    answer(tables, columns, found, loops=way)
    answer_floats(tables, floats, in_floats, scale=100.0, loops=way)
    offer = found.offer if wanted else np.array([0 if discount else -1])
    assert answers(found._replace(offer=offer)) == [expected]
    assert (in_floats.points[0], in_floats.discount[0]) == (discount, discount / 100)
    assert (in_floats.payable[0], REASONS[in_floats.limited_by[0]]) == ((cart - discount) / 100, limited_by)
    assert not wanted or in_floats.offer.tolist() == offer.tolist()


@pytest.mark.parametrize("way", [COMPILED, PLAIN])
def test_credits_count_where_their_use_is_not_wanted(way):
    # By hand: credits of 300 leave 200 of a cart of 500 for points.
    tables = compile_program(Program(offers=[DEFAULT]))
    columns = Columns(np.array([50_000]), np.array([5000]), credits=np.array([30_000]))
    found = answer(tables, columns, new_results(columns)._replace(credits_used=None), loops=way)
    assert answers(found) == [Answer(0, 200, 20_000, 0, 0, "cart")]


def test_arrays_that_cannot_be_written_are_read():
    columns = Columns(np.array([50_000]), np.array([250]), requested=np.array([100]))
    for array in (columns.cart, columns.balance, columns.requested):
        array.flags.writeable = False
    found = answer(compile_program(Program(offers=[DEFAULT])), columns)
    assert answers(found) == [Answer(0, 100, 10_000, 40_000, 0, "requested")]


def test_credits_that_are_not_there_are_not_used():
    columns = Columns(np.array([500, 700]), np.array([1, 1]))
    out = new_results(columns)._replace(credits_used=np.full(2, 9))
    assert answer(compile_program(Program(offers=[DEFAULT])), columns, out).credits_used.tolist() == [0, 0]


def test_arrays_of_another_kind_are_refused():
    tables, columns = compile_program(Program(offers=[DEFAULT])), Columns(np.array([1, 2]), np.array([3, 4]))
    with pytest.raises(TypeError, match="cart is float64"):
        answer(tables, columns._replace(cart=np.array([1.0, 2.0])))
    with pytest.raises(ValueError, match="balance has the shape"):
        answer(tables, columns._replace(balance=np.array([1])))
    with pytest.raises(TypeError, match="points is int32"):
        answer(tables, columns, new_results(columns)._replace(points=np.zeros(2, np.int32)))
    for unfit in (np.zeros(4, np.int64)[::2], np.broadcast_to(np.int64(0), 2)):
        with pytest.raises(ValueError, match="payable must be contiguous and writeable"):
            answer(tables, columns, new_results(columns)._replace(payable=unfit))


# The door for floats.


def float_columns(carts, balances):
    return Columns(np.array(carts, np.float64), np.array(balances, np.float64))


PROGRAMS = [Program(offers=[DEFAULT], min_payable=minimum) for minimum in (fixed(100), percent(20))]
PROGRAMS += [Program(offers=[STEPS, DEFAULT]), Program(enabled=False, offers=[DEFAULT])]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("decimals", [0, 2, 3])
def test_floats_give_the_exact_answer(program, decimals):
    luck, scale, size = random.Random(decimals), 10**decimals, loops.BLOCK + 7
    program = Program.model_validate(program.model_dump() | {"currency": ("JPY", "", "INR", "KWD")[decimals]})
    tables = compile_program(program)
    minor = np.array([luck.randint(0, luck.choice([300, 300_000, MAX_MINOR])) for _ in range(size)])
    points = np.array([luck.randint(0, luck.choice([300, MAX_POINTS])) for _ in range(size)])
    exact = answer(tables, Columns(minor, points))
    # Off by less than the tolerance, as sums of floats are; and a fraction of a point, which is dropped.
    off = np.array([luck.choice([0, 4e-7, -4e-7]) for _ in range(size)]) * (minor > 0)
    fraction = np.array([luck.choice([0, 0.5]) for _ in range(size)])
    counts = Counts(0, int((fraction > 0).sum()), 0)
    for balance, expected in ((points + fraction, counts), (points, Counts(0, 0, 0))):
        floats, found = answer_floats(tables, Columns(minor / scale + off, balance), scale=float(scale))
        assert found == expected
        for name in ("offer", "points", "limited_by"):
            assert np.array_equal(getattr(floats, name), getattr(exact, name))
        for name in ("discount", "payable"):
            assert np.array_equal(getattr(floats, name), getattr(exact, name) / scale)


@pytest.mark.parametrize("way", [COMPILED, PLAIN])
@pytest.mark.parametrize("program", PROGRAMS)
def test_floats_are_refused_where_the_scalar_door_refuses_them(program, way):
    def refused(convert, *given):
        try:
            convert(*given)
        except ValueError:
            return True
        return False

    carts = [
        -1.0,
        -1e-9,
        -0.0,
        0.0,
        1e-6,
        0.005,
        9.999998,
        9.999999,
        10.000001,
        10.000002,
        749.95,
        np.nan,
        np.inf,
        -np.inf,
    ]
    carts += [9e9, np.nextafter(9e9, np.inf), 1e300]
    balances = [-5.0, -0.5, 0.0, 99.9, 1e12, np.nextafter(1e12, np.inf), np.nan, np.inf, -np.inf, -1e300]
    tables = compile_program(program)
    for cart, balance in [*((cart, 5.0) for cart in carts), *((5.0, balance) for balance in balances)]:
        bad = refused(money.to_minor, cart, 2) or refused(money.to_points, balance)
        with np.errstate(invalid="ignore", over="ignore"):
            results, counts = answer_floats(tables, float_columns([cart], [balance]), scale=100.0, loops=way)
        negative, floored = not bad and balance < 0, not bad and balance > 0 and balance % 1 > 0
        assert counts == Counts(int(bad), int(floored), int(negative)), (cart, balance)
        minor = 0 if refused(money.to_minor, cart, 2) else money.to_minor(cart, 2)
        points = 0 if refused(money.to_points, balance) else money.to_points(balance)
        expected = answer(tables, Columns(np.array([minor]), np.array([points])))
        assert results.points == expected.points
        assert results.payable == expected.payable / 100


def test_floats_with_all_columns():
    luck = random.Random(11)
    for _ in range(60):
        program = a_program(luck)
        tables, columns, scale = compile_program(program), some_orders(luck, program, 30), 10**program.decimals
        exact = answer(tables, columns)
        for way in (COMPILED, PLAIN):
            floats, _ = answer_floats(
                tables, columns._replace(cart=columns.cart / scale), scale=float(scale), loops=way
            )
            for name in Results._fields:
                expected, found = getattr(exact, name), getattr(floats, name)
                if name in ("discount", "payable", "credits_used") and expected is not None:
                    expected = expected / scale
                assert found is expected is None or np.array_equal(found, expected)


@pytest.mark.parametrize("way", [COMPILED, PLAIN])
@pytest.mark.parametrize("balance", [-1e-6, 1e-6])
def test_a_balance_within_the_tolerance_of_a_whole_number_is_that_number(balance, way):
    tables = compile_program(Program(offers=[DEFAULT]))
    results, counts = answer_floats(tables, float_columns([5.0], [balance]), scale=100.0, loops=way)
    assert counts == Counts(bad=0, floored=0, negative=0)
    assert results.points == [0]
