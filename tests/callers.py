"""Types as a caller meets them: ``python -m tests.callers`` runs mypy and pyright on the tutorial and the notebooks.

Both read it as strictly as our own, but functions of a notebook may be written without types, and a line that shows
something is no mistake.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNTYPED = ("--allow-untyped-defs", "--allow-untyped-calls", "--allow-incomplete-defs", "--check-untyped-defs")
#: Packages without types of their own, as in pyproject.toml.
WITHOUT_TYPES = "[mypy]\n[mypy-pyarrow.*,ipywidgets.*]\nignore_missing_imports = True\n"
PYRIGHT = {"typeCheckingMode": "standard", "reportUnusedExpression": False, "reportMissingTypeStubs": False}


def write_code(folder: Path) -> tuple[Path, list[Path]]:
    """Write the tutorial's Python into one file, and each notebook's into another."""
    tutorial = folder / "tutorial.py"
    page = ROOT / "data" / "docs" / "tutorial" / "first-notebook.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    tutorial.write_text("\n".join(blocks), "utf-8")
    notebooks = []
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        lines = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code").splitlines()
        file = folder / f"notebook_{notebook.stem}.py"
        file.write_text("\n".join(line for line in lines if not line.startswith(("%", "!"))) + "\n", "utf-8")
        notebooks.append(file)
    return tutorial, notebooks


def main() -> int:
    """Run both checkers; the worst of their exit codes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tutorial, notebooks = write_code(folder)
        (folder / "mypy.ini").write_text(WITHOUT_TYPES, "utf-8")
        (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), "utf-8")
        mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(folder / "mypy.ini")]
        mypy += ["--cache-dir", str(ROOT / ".mypy_cache" / "callers")]
        runs = [
            [*mypy, *UNTYPED, *map(str, [tutorial, *notebooks])],
            [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--project", str(folder)],
        ]
        return max(subprocess.run(command, cwd=ROOT, check=False).returncode for command in runs)


if __name__ == "__main__":
    sys.exit(main())
