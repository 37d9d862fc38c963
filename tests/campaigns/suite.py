"""Make ``data/parity/generated.jsonl``: few generated cases that kill most mutants of the exact law.

``python -m tests.campaigns.suite [PAIRS] [SEED]`` changes ``exact.py`` in one small place at a time, finds the random
pairs of a program and an order whose answers change, and keeps the fewest that it can that notice them all. It prints
how many mutants there are and how many die.
"""

import ast
import json
import sys
import types
from dataclasses import astuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutation import ROOT, sites, source

from nector_sim.calculator import exact
from nector_sim.parity.generate import generate
from nector_sim.parity.suite import as_text, case_of

EXACT = "nector_sim/calculator/exact.py"


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
    laws = {}
    for number, program, order in pairs:
        try:
            if number not in laws:
                laws[number] = module.Law(program)
            yield astuple(laws[number].answer(order))
        except Exception as error:
            yield type(error).__name__


def killed(pairs):
    """For each mutant, the positions of the pairs that notice it."""
    right = list(answers(exact, pairs))
    for number in range(len(sites(ast.parse(source(EXACT))))):
        module = mutant(number)
        given = right if module is None else answers(module, pairs)
        yield None if module is None else {n for n, (a, b) in enumerate(zip(right, given, strict=True)) if a != b}


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


def main(pairs=4000, seed=22):
    """Choose and write the cases."""
    made = generate(pairs, seed=seed, orders_per_program=10)
    flat = [(number, program, order) for number, (program, orders) in enumerate(made) for order in orders]
    kills = [one for one in killed(flat) if one is not None]
    chosen, died = fewest(kills), sum(map(bool, kills))
    cases = [
        case_of(*flat[position][1:], name=f"generated {n}", source=f"seed {seed}")
        for n, position in enumerate(chosen, 1)
    ]
    (ROOT / "data/parity/generated.jsonl").write_text(as_text(cases, ".jsonl"), encoding="utf-8")
    print(
        json.dumps({"mutants": len(kills), "killed": died, "share": round(died / len(kills), 4), "cases": len(cases)})
    )


if __name__ == "__main__":
    main(*(int(argument.replace("_", "")) for argument in sys.argv[1:]))
