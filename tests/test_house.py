"""The rules of the house that a script can hold: what imports what, how quick, and what is public."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import nector_sim as ns
from nector_sim._extras import EXTRA_OF

PACKAGE = Path(ns.__file__).parent
#: The rooms from top to bottom; a room imports from those above it and from itself, never upward.
ROOMS = [
    [
        "errors",
        "urls",
        "places",
        "_data",
        "_compile",
        "_extras",
        "_memory",
        "_progress",
        "_terminal",
        "_version",
        "results",
    ],
    ["rules"],
    ["calculator"],
    ["languages"],
    ["frames"],
    ["scoring"],
    ["orders"],
    ["ledger"],
    ["simulation"],
    ["economics"],
    ["exploration"],
    ["batch"],
    ["parity"],
    ["gokwik"],
    ["pictures"],
    ["report"],
    ["explorer"],
    # The package itself gives names of all rooms above; who imports it imports them.
    ["nector_sim"],
    ["app"],
    ["_process"],
    ["cli"],
    ["_start"],
]
#: Libraries that one of the others needs, and so brings.
COME_ALONG = {
    "PIL",
    "annotated_types",
    "click",
    "dask",
    "pydantic_core",
    "traitlets",
}
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
#: Heavy or optional libraries, each with the one room that imports it; of the servers, there are two.
AT_HOME = {
    "matplotlib": "pictures",
    "ipywidgets": "explorer",
    "anywidget": "explorer",
    "chainladder": "economics",
    "dask": "batch",
    "cryptography": "batch",
    "distributed": "batch",
    "sqlalchemy": "gokwik",
    "fsspec": "places",
    "pyspark": "batch",
    "numba": "_compile",
}
SERVERS = {"starlette", "uvicorn"}


def imports(file, *, types=True):
    """Whatever a file imports, also in functions; with `types`, also what only its type hints need."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node in for_types and not types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports by a relative name"
            for alias in node.names:
                # A name is a module of its own, or something in one.
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module or ""


def module_name(file):
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def room_of(name):
    """The room of a module; the package itself is one."""
    return name.split(".")[1] if "." in name else name


def circle(graph):
    """Modules that import each other in a circle, from one to itself; None without one."""
    done = set()

    def walk(name, path):
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        found = next((found for next_ in graph.get(name, ()) if (found := walk(next_, [*path, name]))), None)
        done.add(name)
        return found

    return next((found for name in graph if (found := walk(name, []))), None)


def modules():
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] not in ("__init__", "__main__"):
            yield parts[0], file


def test_imports_never_go_upward():
    for room, file in modules():
        for name in imports(file):
            if name.split(".")[0] == "nector_sim":
                assert LEVEL[room_of(name)] <= LEVEL[room], f"{file} imports {name}"


def test_imports_never_go_in_a_circle():
    # Imports within functions count: they hide a circle, and do not break it. Those for type hints run nothing.
    graph = {
        name: sorted({one for one in imports(file, types=False) if one in MODULES} - {name})
        for name, file in MODULES.items()
    }
    assert circle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert circle({"a": ["b", "c"], "b": ["c"]}) is None
    assert circle(graph) is None


def test_each_heavy_library_has_one_room():
    for room, file in modules():
        for name in imports(file):
            home = AT_HOME.get(name.split(".")[0], room)
            if (room, name) == ("results", "matplotlib.axes"):
                continue  # for types alone: results name the Axes that their pictures take
            assert home == room, f"{file} imports {name}, which belongs into {home}"
            assert name.split(".")[0] not in SERVERS or room in ("gokwik", "app"), f"{file} imports {name}"


def test_the_rules_and_the_exact_law_use_no_numpy():
    for file in [*(PACKAGE / "rules").glob("*.py"), PACKAGE / "calculator" / "exact.py"]:
        assert not {"numpy", "pandas", "numba"} & {name.split(".")[0] for name in imports(file)}, file


def test_the_exact_law_shares_nothing_with_the_compiled_one():
    for name in imports(PACKAGE / "calculator" / "exact.py"):
        assert not name.endswith(("compiled", "loops", "parameters")), name
    for file in ("compiled.py", "loops.py", "parameters.py"):
        for name in imports(PACKAGE / "calculator" / file):
            assert not name.endswith("exact"), f"{file} imports {name}"


def test_each_constant_that_rooms_share_has_one_home():
    shared = {
        "WHOLE",
        "MILLION",
        "UNREACHED",
        "MAX_MINOR",
        "MAX_POINTS",
        "FLOAT_TOLERANCE",
        "NO_TIME",
        "NEVER",
        "FOREVER",
    }
    homes = [
        (name.id, file.name)
        for _, file in modules()
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for name in ast.walk(target)
        if isinstance(name, ast.Name) and name.id in shared
    ]
    assert sorted(homes) == [
        ("FLOAT_TOLERANCE", "values.py"),
        ("FOREVER", "exact.py"),
        ("MAX_MINOR", "money.py"),
        ("MAX_POINTS", "money.py"),
        ("MILLION", "take_up.py"),
        ("NEVER", "times.py"),
        ("NO_TIME", "times.py"),
        ("UNREACHED", "money.py"),
        ("WHOLE", "money.py"),
    ]


def definitions(kind):
    """Every class or function of a module's own, with its file; those that begin with a dash are of one file alone."""
    for _, file in modules():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, kind) and not node.name.startswith("_"):
                yield node.name, file.relative_to(PACKAGE).as_posix()


def test_no_two_classes_have_one_name():
    homes = {}
    for name, file in definitions(ast.ClassDef):
        homes.setdefault(name, []).append(file)
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


def test_the_name_of_a_public_function_is_no_others():
    # Commands and pictures are called as what they show; the ledger's exact replay is the second answer to the first.
    named_alike = {"cli", "pictures"}
    homes = {}
    for name, file in definitions(ast.FunctionDef):
        if name in ns.__all__ and file.partition("/")[0] not in named_alike:
            homes.setdefault(name, []).append(file)
    assert {name: files for name, files in homes.items() if len(files) > 1} == {
        "replay": ["ledger/exact.py", "ledger/replay.py"]
    }


def test_every_public_name_is_there_and_in_order():
    assert sorted(ns.__all__) == ns.__all__
    assert sorted(ns.__all__) == sorted(ns._HOME_OF)
    for name in ns.__all__:
        assert getattr(ns, name) is not None


def test_importing_loads_nothing_heavy():
    heavy = ["pandas", "polars", "numba", "matplotlib", "pyarrow", "numpy", "ipywidgets"]
    code = f"import json, sys, nector_sim; print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == []


def test_files_are_looked_through_before_the_calculator_is_loaded():
    code = "import sys, nector_sim.batch.runs; print('numba' in sys.modules, 'pandas' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


def test_the_command_line_asks_for_help_without_loading_anything_heavy():
    heavy = ["pandas", "polars", "numba", "matplotlib", "pyarrow", "numpy", "pydantic"]
    code = (
        "import sys; from nector_sim.cli import main; sys.argv = ['nector-sim', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert run.stderr.strip() == "[]"
    assert "score" in run.stdout


def test_every_library_belongs_to_the_core_or_to_the_extra_that_is_named():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(requirements):
        return {re.split(r"[\[<>=]", one, maxsplit=1)[0].lower().replace("-", "_") for one in requirements}

    core, extras = names(project["dependencies"]), project["optional-dependencies"]
    of_users = {name: names(extras[name]) for name in extras if name not in ("dev", "bench", "long")}
    for library, extra in EXTRA_OF.items():
        assert library in of_users[extra] - core, f"{extra} does not bring {library}"
    known = sys.stdlib_module_names | core | set(EXTRA_OF) | {"nector_sim"} | COME_ALONG
    for _, file in modules():
        for name in imports(file):
            assert name.split(".")[0] in known, f"{file} imports {name}, which no extra brings: see _extras.py"


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.delitem(vars(ns), "RuleExplorer", raising=False)
    for name in [name for name in sys.modules if name.startswith("nector_sim.explorer")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModuleNotFoundError, match=r"RuleExplorer needs ipywidgets.*pip install \"nector-sim\[lab\]\""):
        _ = ns.RuleExplorer


def test_no_two_test_files_have_one_name():
    # Without packages pytest takes two of one name for the same module.
    names = sorted(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert sorted(set(names)) == names


def test_the_wheel_carries_every_file_that_the_package_reads():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    code = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py"))
    read = {f"data/{name}" for name in re.findall(r'(?<!> )\bdata_path\("([^"{]+)"', code)}
    assert {"data/layouts", "data/order_words.toml"} <= read
    assert [name for name in read if not any(f"{name}/".startswith(f"{one}/") for one in carried)] == []
