"""Make ``data/parity/generated.jsonl``: few generated cases that kill every mutant of the exact law that a case can.

``python -m tests.campaigns.suite [PAIRS] [SEED]`` changes ``exact.py`` in one small place at a time, finds the random
pairs of a program and an order whose answers change, and keeps the fewest that it can that notice them all. For a
mutant that none of them notices it looks among a hundred times as many. It prints how many mutants there are and how
many die, and each survivor: those of :data:`NO_ANSWER`, with the reason why no case can notice it, are not counted.
Exit code 1 below 95 %, or if such a reason is out of date.
"""

import ast
import json
import sys
import types
from dataclasses import astuple, fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutation import ROOT, sites, source

from nector_sim.calculator import exact
from nector_sim.parity.generate import generate
from nector_sim.parity.suite import as_text, case_of

EXACT = "nector_sim/calculator/exact.py"
ENOUGH = 0.95
#: Orders of each program, and how many times the pairs are looked at for a mutant that they do not notice.
ORDERS, MORE = 10, 100

_UNREAD = "an offer that gives no discount is not used, so its points are not read"
_SETTING = "Limit.setting is what explain names; it is no part of an answer"
_SHOWN = "min_payable_shown is what explain and the checkout show; no answer is made from it"
_CAP = (
    "without this limit the steps go beyond the maximum; percent_discount clips them to it, the fewest steps that give "
    "it are charged, and a clipped discount is named max_discount all the same"
)
_EMPTY = "of an empty cart any number of steps gives 0, for which one_offer names the cart all the same"
#: Mutants that change no answer of any order: the line, what it was and what it becomes, and why.
NO_ANSWER = {
    ("self.amount = money(offer.step_discount) or 0", "`0`", "`1`"): "no step reads the amount of a percentage offer",
    ("self.percent = _basis_points(offer.step_percent) or 0", "`0`", "`1`"): "no step reads the percent of an amount",
    (
        'refuse_unknown(program, KNOWN, "the exact calculator")',
        "`refuse_unknown(program, KNOWN, 'the exact calculator')`",
        "`pass`",
    ): "it refuses programs that the law does not know, of which there is no case",
    ('Tiering: fields("window_months"),', "`'window_months'`", "`'window_months_'`"): (
        "it refuses programs with this section of the ledger, of which no redemption depends and no case has one"
    ),
    (
        "if discount > 0 and (best is None or self.rank(position, points, discount) < best):",
        "`self.rank(position, points, discount) < best`",
        "`LtE`",
    ): "a rank ends with the offer's position, so no two are equal",
    ("return -(-self.min_payable(order) // WHOLE)", "`return -(-self.min_payable(order) // WHOLE)`", "`return None`"): (
        _SHOWN
    ),
    (
        "return -(-self.min_payable(order) // WHOLE)",
        "`-(-self.min_payable(order) // WHOLE)`",
        "`-self.min_payable(order) // WHOLE`",
    ): _SHOWN,
    ("return -(-self.min_payable(order) // WHOLE)", "`-self.min_payable(order) // WHOLE`", "`Mult`"): _SHOWN,
    ("return -(-self.min_payable(order) // WHOLE)", "`-self.min_payable(order)`", "`self.min_payable(order)`"): _SHOWN,
    ("return False", "`return False`", "`return None`"): "None is as false as False, and nothing else is asked of it",
    ('yield Limit("min_points", 0, terms.points, "min_balance")', "`'min_balance'`", "`'min_balance_'`"): _SETTING,
    (
        'yield Limit("max_discount", terms.max_discount, terms.amount, "max_discount")',
        "`'max_discount'`",
        "`'max_discount_'`",
    ): _SETTING,
    (
        'yield Limit("max_discount", base * terms.max_discount_percent, WHOLE * terms.amount, "max_discount_percent")',
        "`'max_discount_percent'`",
        "`'max_discount_percent_'`",
    ): _SETTING,
    (
        'yield Limit("max_discount", terms.max_percent, terms.percent, "max_percent")',
        "`'max_percent'`",
        "`'max_percent_'`",
    ): _SETTING,
    ('yield Limit("cart", 0, 1)', "`yield Limit('cart', 0, 1)`", "`pass`"): _EMPTY,
    ('yield Limit("cart", 0, 1)', "`0`", "`1`"): _EMPTY,
    ('yield Limit("cart", 0, 1)', "`1`", "`2`"): "0 // 2 is 0 // 1",
    (
        'yield Limit("max_discount", self.steps_to_cap(cap, step), 1, "max_discount")',
        "`yield Limit('max_discount', self.steps_to_cap(cap, step), 1, 'max_discount')`",
        "`pass`",
    ): _CAP,
    # Of the two names in this line, the reason and the setting: without the limit at all, nothing changes either.
    (
        'yield Limit("max_discount", self.steps_to_cap(cap, step), 1, "max_discount")',
        "`'max_discount'`",
        "`'max_discount_'`",
    ): f"{_CAP}; the second name: {_SETTING}",
    ("return -(-cap * WHOLE // step)", "`-cap * WHOLE // step`", "`Mult`"): _CAP,
    ('return 0, 0, "min_points"', "`0`", "`1`"): _UNREAD,
    ("return 0, 0, reason", "`0`", "`1`"): _UNREAD,
    ('return 0, 0, "cart"', "`0`", "`1`"): _UNREAD,
}


def mutant(number):
    """The exact law with one small change; None where it cannot even be imported."""
    tree = ast.parse(source(EXACT))
    sites(tree)[number][3]()
    module = types.ModuleType("nector_sim.calculator.mutant")
    sys.modules[module.__name__] = module
    try:
        exec(compile(ast.fix_missing_locations(tree), EXACT, "exec"), module.__dict__)
    except Exception:
        return None
    return module


def answers(module, pairs):
    """What a law gives for each pair; an exception is an answer, too."""
    laws, usual = {}, {field.name: field.default for field in fields(exact.Order)}
    for number, program, order in pairs:
        # As a case gives it: what an order lacks is left to the law's own defaults.
        given = {name: getattr(order, name) for name in usual if getattr(order, name) != usual[name]}
        try:
            if number not in laws:
                laws[number] = module.Law(program)
            yield astuple(laws[number].answer(module.Order(**given)))
        except Exception as error:
            yield type(error).__name__


def notices(module, pairs, right):
    """The positions of the pairs whose answer changes."""
    return {n for n, (a, b) in enumerate(zip(right, answers(module, pairs), strict=True)) if a != b}


def pairs_of(count, seed):
    """Random pairs: the number of the program, the program, the order."""
    made = generate(count, seed=seed, orders_per_program=ORDERS)
    return [(number, program, order) for number, (program, orders) in enumerate(made) for order in orders]


def fewest(kills):
    """Positions that together notice every mutant that any notices: the one that notices most goes first."""
    left, chosen = [one for one in kills if one], []
    while left:
        count = {}
        for one in left:
            for position in one:
                count[position] = count.get(position, 0) + 1
        best = min(count, key=lambda position: (-count[position], position))
        chosen.append(best)
        left = [one for one in left if best not in one]
    return sorted(chosen)


def looked_for(number, pairs, seed):
    """A pair among many more that notices a mutant, or None."""
    module = mutant(number)
    for part in range(1, MORE + 1):
        many = pairs_of(pairs, seed + part)
        found = notices(module, many, list(answers(exact, many)))
        if found:
            return many[min(found)]
    return None


def main(pairs=4000, seed=22):
    """Choose and write the cases."""
    text = source(EXACT).splitlines()
    places = [
        (text[line - 1].strip(), f"`{where.partition('`')[2]}", becomes)
        for line, where, becomes, _ in sites(ast.parse(source(EXACT)))
    ]
    flat, kills, survivors, argued = pairs_of(pairs, seed), [], [], []
    right = list(answers(exact, flat))
    for number, place in enumerate(places):
        module = mutant(number)
        if module is None:
            continue
        found = notices(module, flat, right)
        if found:
            kills.append(found)
        elif place in NO_ANSWER:
            argued.append(place)
        elif one := looked_for(number, pairs, seed):
            # Its program is none of the first ones, whose numbers it must not share.
            flat.append((-1 - number, *one[1:]))
            kills.append({len(flat) - 1})
            right += answers(exact, flat[-1:])
        else:
            survivors.append(place)
    chosen = fewest(kills)
    cases = [
        case_of(*flat[position][1:], name=f"generated {n}", source=f"seed {seed}")
        for n, position in enumerate(chosen, 1)
    ]
    (ROOT / "data/parity/generated.jsonl").write_text(as_text(cases, ".jsonl"), encoding="utf-8")
    for line, was, becomes in argued:
        print(f"no answer changes: {line}: {was} → {becomes}: {NO_ANSWER[line, was, becomes]}")
    for line, was, becomes in survivors:
        print(f"survived: {line}: {was} → {becomes}")
    outdated = [place for place in NO_ANSWER if place not in argued]
    for line, was, becomes in outdated:
        print(f"argued, but no survivor: {line}: {was} → {becomes}")
    share = len(kills) / (len(kills) + len(survivors))
    counted = {"mutants": len(kills) + len(survivors), "killed": len(kills), "share": round(share, 4)}
    print(json.dumps(counted | {"no_answer": len(argued), "cases": len(cases)}))
    return 1 if share < ENOUGH or outdated else 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument.replace("_", "")) for argument in sys.argv[1:])))
