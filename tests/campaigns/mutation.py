"""Mutation testing of the law and its models: ``python tests/campaigns/mutation.py [--sample SHARE] [FILE ...]``.

Each mutant is one small change of one source file: a comparison moved by one, an operator swapped, a constant raised, a
bound of a pydantic field loosened, a validator or a statement taken out. The tests below must fail on it. Compiled
functions are wrapped by call (``fast = njit(slow)``) and run here as plain Python, so they are mutated like all others.

Every file reports its number of mutants, and none is a failure; so is a score below 95 %, or a survivor that
CONTRIBUTING.md does not list with the reason why it is equivalent, or one that it lists and that died.
"""

import argparse
import ast
import gc
import importlib.abc
import importlib.util
import multiprocessing
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What is mutated, and the tests that must notice, in stages, the quickest first.
SUITES = {
    "nector_sim/rules/*.py": (
        ["tests/rules"],
        [
            "tests/parity/test_quick.py",
            "tests/calculator/test_law_page.py",
            "tests/calculator/test_explain.py",
            "tests/ledger/test_ledger_page.py",
            "tests/ledger/test_exact_ledger.py",
        ],
        ["tests/parity/test_cases.py"],
    ),
    "nector_sim/calculator/*.py": (
        ["tests/parity/test_quick.py"],
        [
            "tests/calculator/test_law_page.py",
            "tests/calculator/test_explain.py",
            "tests/calculator/test_quote.py",
            "tests/calculator/test_parameters.py",
        ],
        ["tests/parity/test_cases.py"],
        ["tests/calculator/test_always.py", "tests/calculator/test_compiled.py"],
        ["tests/calculator/test_witnesses.py"],
    ),
}
#: Tests of one file alone, beyond those of its folder: where else what it does is used.
OWN = {
    "nector_sim/rules/fields.py": ["tests/explorer/test_fields.py"],
    "nector_sim/rules/known.py": ["tests/calculator/test_quote.py", "tests/calculator/test_engines.py"],
    "nector_sim/rules/paths.py": ["tests/exploration/test_plain_inputs.py"],
    "nector_sim/calculator/parameters.py": ["tests/ledger/test_openings.py", "tests/ledger/test_ledger_law.py"],
}
ENOUGH = 0.95
#: A mutant that computes so many times as long as the tests without any counts as noticed.
PATIENCE = 5
#: Seconds by the clock after which one that waits instead of computing is ended, too.
ENDLESS = 900

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
BOUNDS = {"ge": "gt", "gt": "ge", "le": "lt", "lt": "le"}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
VALIDATORS = {"field_validator", "model_validator"}


class Sites(ast.NodeVisitor):
    """Every place where a file can be changed, with the change."""

    def __init__(self):
        self.found = []  # (line, where in words and what it was, what it becomes, how to change it)
        self.scope = []
        self.in_annotation = False

    def add(self, node, becomes, change):
        was = " ".join(ast.unparse(node).split())[:90]
        self.found.append((node.lineno, f"{'.'.join(self.scope)} `{was}`".strip(), f"`{becomes}`", change))

    def visit(self, node):
        for field, value in ast.iter_fields(node):
            self.field(node, field, value)

    def field(self, node, field, value):
        annotation = field in ("annotation", "returns") or (isinstance(node, ast.Subscript) and field == "slice")
        if isinstance(node, ast.arg) or field in ("returns", "bases"):
            return
        if field == "decorator_list":
            self.decorators(node, value)
            return
        before, self.in_annotation = self.in_annotation, self.in_annotation or annotation
        if isinstance(value, list):
            self.body(node, field, value)
        elif isinstance(value, ast.AST):
            self.node(value, lambda new: setattr(node, field, new))
        self.in_annotation = before

    def body(self, node, field, items):
        for index, item in enumerate(items):
            if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
                continue  # a docstring
            if isinstance(item, ast.AST):
                self.node(item, lambda new, index=index: items.__setitem__(index, new))

    def decorators(self, node, decorators):
        if any(isinstance(one, ast.Call) and getattr(one.func, "id", "") in VALIDATORS for one in decorators):
            self.found.append((node.lineno, f"the validator {node.name}", "none", lambda: decorators.clear()))

    def node(self, node, replace):
        self.statement(node, replace)
        self.expression(node, replace)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Import | ast.ImportFrom):
            return
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return
        if self.in_annotation and isinstance(node, ast.Call):
            before, self.in_annotation = self.in_annotation, False
            self.visit(node)
            self.in_annotation = before
            return
        outside = list(self.scope)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self.scope.append(node.name)
        self.visit(node)
        self.scope = outside

    def statement(self, node, replace):
        match node:
            case ast.Raise():
                self.add(node, "pass", lambda: replace(ast.Pass()))
            case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()):
                self.add(node, "pass", lambda: replace(ast.Expr(ast.Constant(None))))
            case ast.Return(value=ast.AST() as value) if not (isinstance(value, ast.Constant) and value.value is None):
                self.add(node, "return None", lambda: setattr(node, "value", ast.Constant(None)))
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                if ast.unparse(test) != "TYPE_CHECKING" and not isinstance(test, ast.Compare):
                    self.add(test, f"not ({ast.unparse(test)})", lambda: setattr(node, "test", negated(test)))
            case ast.AugAssign() if type(node.op) in OPERATORS:
                new = OPERATORS[type(node.op)]()
                self.add(node, type(new).__name__, lambda: setattr(node, "op", new))
            case ast.Continue():
                self.add(node, "break", lambda: replace(ast.Break()))
            case ast.Break():
                self.add(node, "continue", lambda: replace(ast.Continue()))

    def expression(self, node, replace):
        match node:
            case ast.Compare():
                for index, one in enumerate(node.ops):
                    new = COMPARISONS[type(one)]()
                    self.add(node, type(new).__name__, lambda index=index, new=new: node.ops.__setitem__(index, new))
            case ast.BinOp() if type(node.op) in OPERATORS and not self.in_annotation:
                new = OPERATORS[type(node.op)]()
                self.add(node, type(new).__name__, lambda: setattr(node, "op", new))
            case ast.BoolOp():
                new = ast.Or() if isinstance(node.op, ast.And) else ast.And()
                self.add(node, type(new).__name__, lambda: setattr(node, "op", new))
            case ast.UnaryOp(op=ast.Not() | ast.USub()):
                self.add(node, ast.unparse(node.operand), lambda: replace(node.operand))
            case ast.Call(func=ast.Name(id=name)) if name in NAMES:
                self.add(node, NAMES[name], lambda: setattr(node.func, "id", NAMES[name]))
            case ast.keyword(arg=name) if name in BOUNDS:
                self.add(node, BOUNDS[name], lambda: setattr(node, "arg", BOUNDS[name]))
                self.add(
                    node,
                    f"no {name}",
                    lambda: setattr(node, "arg", "title") or setattr(node, "value", ast.Constant("")),
                )
            case ast.Constant(value=value) if not self.in_annotation:
                self.constant(node, value)

    def constant(self, node, value):
        if isinstance(value, bool):
            new = not value
        elif isinstance(value, int | float):
            new = value + 1
        elif isinstance(value, str) and value.isidentifier():  # a name; sentences for people are no logic
            new = f"{value}_"
        else:
            return
        self.add(node, repr(new), lambda: setattr(node, "value", new))


def negated(test):
    """The opposite of a condition."""
    return ast.UnaryOp(ast.Not(), test)


def mutants(path):
    """Every mutant of a file: its number, line, and what changes."""
    return [(number, *site[:3]) for number, site in enumerate(sites(ast.parse(source(path))))]


def sites(tree):
    """Where a tree can be changed."""
    finder = Sites()
    finder.visit(tree)
    return finder.found


def source(path):
    """A file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a changed tree, everything else as it is."""

    def __init__(self, path, number):
        self.path, self.number = path, number
        self.name = path.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname, path=None, target=None):
        """Take the import of the one module."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, ROOT / self.path, loader=self)

    def exec_module(self, module):
        """Run the changed module."""
        tree = ast.parse(source(self.path))
        if self.number is not None:
            sites(tree)[self.number][3]()
        exec(compile(ast.fix_missing_locations(tree), str(ROOT / self.path), "exec"), module.__dict__)


def attempt(path, number, stages, usual=(), tell=None):
    """Run the tests on one mutant, in a process of its own; exit code 0 says that it survived.

    `usual` are the processor seconds of each stage without a mutant, which `tell` is told, with the modules imported.
    """
    sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (the process ends with it)
    sys.meta_path.insert(0, Mutated(path, number))
    import pytest

    options = ["-x", "-q", "--no-header", "--assert=plain", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin"]
    # In plain Python numpy warns of the unsigned numbers that wrap, as those of keyed draws are meant to.
    options += ["-W", "ignore:overflow encountered in scalar:RuntimeWarning"]
    code, seconds = 0, []
    for stage, tests in enumerate(stages):
        since = time.process_time()
        if usual:
            give_up_after(PATIENCE * usual[stage])
        code = code or int(pytest.main([*options, *tests]))
        if code and not tell:
            break
        seconds.append(time.process_time() - since)
    if tell:
        tell.put((code, seconds, foreign()))
    os._exit(code)


def give_up_after(seconds):
    """End this process when it has computed for so long: its own time, however busy the machine is."""
    if hasattr(signal, "setitimer"):  # elsewhere the clock alone ends it
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def foreign():
    """Modules that are imported by now and are not of this repository."""
    files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    ours = (str(ROOT / "nector_sim"), str(ROOT / "tests"))
    return [name for name, file in files.items() if file and not file.startswith(ours)]


def preload(names):
    """Import what all mutants share, so that each process starts with it and spends its time on the tests."""
    for name in names:
        if name not in sys.modules and importlib.util.find_spec(name.partition(".")[0]):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def processes():
    """How processes are made: as copies of this one, where the system can."""
    ways = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if "fork" in ways else "spawn")


def without_mutants(path):
    """Run the tests of a file as it is: exit code, processor seconds of each stage, modules imported."""
    context = processes()
    tell = context.SimpleQueue()
    process = context.Process(target=attempt, args=(path, None, suites(path), (), tell))
    process.start()
    told = tell.get()
    process.join()
    return told


def run(work, usual, at_once):
    """Try every mutant; yield it with the exit code of its tests (below 0: they did not end)."""
    context = processes()
    running, queue = [], list(reversed(work))
    while queue or running:
        while queue and len(running) < at_once:
            mutant = queue.pop()
            stages = suites(mutant[0])
            process = context.Process(target=attempt, args=(mutant[0], mutant[1], stages, usual[str(stages)]))
            process.start()
            running.append((process, time.monotonic(), mutant))
        time.sleep(0.005)
        for one in list(running):
            process, since, mutant = one
            if process.is_alive() and time.monotonic() - since < ENDLESS:
                continue
            process.kill()
            process.join()
            running.remove(one)
            yield mutant, process.exitcode


def suites(path):
    """The tests for a file, the quick ones first."""
    stages = next(tests for pattern, tests in SUITES.items() if Path(path).match(pattern))
    return (stages[0], OWN[path], *stages[1:]) if path in OWN else stages


def named(mutant):
    """A mutant in words, without its line, which moves."""
    path, _, _, was, becomes = mutant
    return f"{Path(path).name}: {was} → {becomes}"


def main():
    """Try the mutants, and report on each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="only these")
    parser.add_argument("--sample", type=float, default=1.0, help="share of the mutants to try")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    os.chdir(ROOT)
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.path.insert(0, str(ROOT))
    start = time.monotonic()
    paths = arguments.files or sorted(
        path.relative_to(ROOT).as_posix()
        for pattern in SUITES
        for path in ROOT.glob(pattern)
        if path.name != "__init__.py"
    )
    made = {path: mutants(path) for path in paths}
    work = [(path, *mutant) for path in paths for mutant in made[path]]
    if arguments.sample < 1:
        work = sorted(random.Random(arguments.seed).sample(work, round(len(work) * arguments.sample)))
    usual = {}
    for path in {str(suites(path)): path for path in paths}.values():
        code, seconds, modules = without_mutants(path)
        if code:
            print(f"the tests of {path} fail without any mutant")
            return 1
        usual[str(suites(path))] = seconds
        preload(modules)
    survivors, tried, endless = [], Counter(), 0
    for mutant, code in run(work, usual, arguments.processes):
        tried[mutant[0]] += 1
        endless += code < 0
        if code == 0:
            survivors.append(mutant)
            print(f"survived: {named(mutant)} (line {mutant[2]})", flush=True)
        if tried.total() % 100 == 0:
            print(f"{tried.total()} of {len(work)}, {time.monotonic() - start:.0f} s", flush=True)
    print(f"{endless} computed for more than {PATIENCE} times as long, or crashed, and count as noticed")
    print(f"{time.monotonic() - start:.0f} s, {arguments.processes} processes")
    return report(made, survivors, tried)


def report(made, survivors, tried):
    """Print the figures; 1 where something must be looked at."""
    known = source("CONTRIBUTING.md")
    left = Counter(mutant[0] for mutant in survivors)
    for path in made:
        print(f"{path:<44} {len(made[path]):>5} mutants, {tried[path]:>5} tried, {tried[path] - left[path]:>5} died")
    total = tried.total()
    share = (total - len(survivors)) / total
    print(f"{total} tried, {total - len(survivors)} died: {share:.1%}")
    unlisted = [mutant for mutant in survivors if named(mutant) not in known]
    for mutant in unlisted:
        print(f"not in CONTRIBUTING.md: {named(mutant)} (line {mutant[2]})")
    whole = {Path(path).name for path in made if tried[path] == len(made[path])}
    names = {named(mutant) for mutant in survivors}
    listed = re.findall(r"^\| ((\w+\.py): .*`) \| ", known, re.MULTILINE)
    outdated = [row for row, file in listed if file in whole and row not in names]
    for row in outdated:
        print(f"in CONTRIBUTING.md, but no survivor: {row}")
    empty = [path for path, ones in made.items() if not ones]
    if empty:
        print(f"no mutants: {', '.join(empty)}")
    return 1 if empty or unlisted or outdated or share < ENOUGH else 0


if __name__ == "__main__":
    sys.exit(main())
