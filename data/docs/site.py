"""Pages of the site that are made when it is built: from the models, the commands, the law pages and the notebooks.

mkdocs calls the `on_…` functions. Nothing here is part of the package.
"""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import nbformat
import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbclient import NotebookClient
from nbconvert import MarkdownExporter

import nector_sim as ns
from nector_sim._process import EXIT_CODES
from nector_sim.cli import app
from nector_sim.economics.assumptions import Assumptions
from nector_sim.frames import described
from nector_sim.orders import mapping as mapping_module
from nector_sim.orders.balances import BalancesMapping
from nector_sim.orders.known_layouts import known_layouts
from nector_sim.orders.mapping import NAMES, Mapping, Statuses
from nector_sim.rules.docs import field_docs
from nector_sim.rules.program import _KINDS, _SECTIONS, Program

ROOT = Path(__file__).parents[2]
#: Runs the notebooks; `NECTOR_SIM_DOCS_NOTEBOOKS=0` shows them without results, which takes seconds instead of minutes.
RUN = os.environ.get("NECTOR_SIM_DOCS_NOTEBOOKS", "1") != "0"

#: Below the columns of orders, and below those of results.
AMOUNTS = """Money is in major units (rupees), as an int, a float, a Decimal, text or an Arrow decimal; each amount
must be exact to the minor unit (a float within 1e-6 of it), or its row is rejected. Amounts are at most 9 × 10¹¹ minor
units, balances at most 10¹² points. Where a `currency` comes with the orders, orders in another currency than the
program's are refused."""
KEPT = """Numbers come back as float64 for float input and as decimals for decimal input; Parquet files have decimal
columns. The columns and the order of the rows that came in are kept."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    pages = {
        "reference/python.md": python_page(),
        "reference/commands.md": commands_page(),
        "reference/program.md": program_page(),
        "reference/assumptions.md": model_page("Assumptions", "What you believe about your shop.", Assumptions),
        "reference/columns.md": columns_page(),
        "reference/mapping.md": mapping_page(),
        "reference/exit-codes.md": exit_codes_page(),
        "reference/schemas.md": schemas_page(),
        **law_pages(),
    }
    for name in sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")):
        text, pictures = notebook_page(name)
        pages[f"notebooks/{name}.md"] = text
        for picture, data in pictures.items():
            files.append(File.generated(config, f"notebooks/{picture}", content=data))
    pages["notebooks.md"] = notebooks_page()
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    for picture in (ROOT / "data" / "pictures").glob("*.png"):
        files.append(File.generated(config, f"pictures/{picture.name}", content=picture.read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn the links of pages that stand beside `law/` in the repository, and above it on the site."""
    return markdown.replace("](../law/", "](law/") if "/" not in page.file.src_uri else markdown


def python_page() -> str:
    """Every public name, by the room that it lives in."""
    lines = ["# Python", "", "`import nector_sim as ns`; every name below is `ns.name`.", ""]
    for home, names in ns._HOMES.items():
        lines += [f"## {home.removeprefix('nector_sim.').removeprefix('_')}", ""]
        for name in names:
            lines += [f"::: {home}.{name}", ""]
    return "\n".join(lines)


def commands_page() -> str:
    """Every command with its arguments, options and example."""
    lines = ["# Commands", "", "Each has `--help`. [Exit codes](exit-codes.md) are the same for all.", ""]
    group: Any = typer.main.get_command(app)
    lines += ["| command | what it does |", "|---|---|"]
    for name, command in _commands(group):
        lines.append(f"| [`{name}`](#nector-sim-{name.replace(' ', '-')}) | {_cell(command.get_short_help_str(200))} |")
    lines.append("")
    for name, command in _commands(group):
        context = click.Context(command, info_name=f"nector-sim {name}")
        help_text = re.sub(r"^\s*\b", "", (command.help or "").replace("\b", "").strip())
        lines += [f"## nector-sim {name}", "", _paragraphs(help_text), ""]
        rows = [_parameter(parameter, context) for parameter in command.params if parameter.name != "help"]
        if rows:
            lines += ["| argument | | meaning |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _commands(group: Any, before: str = "") -> list[tuple[str, Any]]:
    found = []
    for name, command in group.commands.items():
        if getattr(command, "commands", None):
            found += _commands(command, f"{before}{name} ")
        elif not command.hidden:
            found.append((before + name, command))
    return found


def _paragraphs(text: str) -> str:
    """Indented examples as code, the rest as it is."""
    out, code = [], False
    for line in text.splitlines():
        is_code = line.lstrip().startswith(("nector-sim ", "$ "))
        if is_code != code:
            out.append("```" if code else "\n```console")
            code = is_code
        out.append(line.strip() if is_code else line)
    return "\n".join([*out, *(["```"] if code else [])])


def _parameter(parameter: Any, context: click.Context) -> str:
    names = " ".join(f"`{name}`" for name in parameter.opts) if parameter.opts[0].startswith("-") else ""
    name = names or f"`{parameter.name.upper()}`"
    needed = "needed" if parameter.required else ""
    return f"| {name} | {needed} | {_cell(getattr(parameter, 'help', '') or '')} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def program_page() -> str:
    """Every field of a program, from the models' own docstrings."""
    example = (ROOT / "data" / "programs" / "gokwik-example-with-earning.toml").read_text(encoding="utf-8")
    lines = ["# Program", "", "What a merchant sets, as TOML or JSON:", "", "```toml", example.strip(), "```", ""]
    lines += ["## The program", "", *_fields(Program)]
    for name, model in _KINDS.items():
        place = "[min_payable]" if name in ("fixed", "percent") else "[[offers]]"
        lines += [f"## `{place}` kind = `{name}`", "", *_fields(model)]
    for name, model in _SECTIONS.items():
        lines += [f"## `{name}`", "", *_fields(model)]
    return "\n".join(lines)


def model_page(title: str, words: str, model: Any) -> str:
    """One model's fields."""
    return "\n".join([f"# {title}", "", words, "", *_fields(model)])


def _fields(model: Any) -> list[str]:
    docs = field_docs(model)
    rows = ["| field | default | meaning |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if field.is_required():
            default = "needed"
        elif field.default_factory is not None:
            default = ""
        else:
            default = "left out" if field.default is None else f"`{_shown(field.default)}`"
        rows.append(f"| `{name}` | {default} | {_cell(docs.get(name, ''))} |")
    return [*rows, ""]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, default=str)


def columns_page() -> str:
    """The columns of every table that comes in or goes out, as the doors have them."""
    lines = ["# Columns", "", "## Orders", "", *_columns(described.ORDERS), AMOUNTS, ""]
    lines += [
        "## Refunds",
        "",
        "A table beside the orders, for `refunds=` and `--refunds`; an order has its refunds here",
    ]
    lines += ["or in its own columns. Shares of an order add up over its refunds and stop at 1.", ""]
    lines += [*_columns(described.REFUNDS), "## Opening balances", "", "For `opening=` and `--opening`.", ""]
    lines += [*_columns(described.OPENING), "## Grants", "", "Points without an order: for signing up, a birthday, by"]
    lines += ["hand; for `grants=` and `--grants`.", "", *_columns(described.GRANTS)]
    lines += ["[The ledger](../law/ledger.md) says what each of these moves.", "", "## Results", ""]
    lines += ["Added to every scored order; [the rules](../law/redemption.md) list the words of `limited_by`.", ""]
    lines += [*_columns(described.RESULTS), KEPT, "", "### Of a replay", "", "Beside these (without `offer`):", ""]
    lines += [*_columns(described.OF_REPLAYS), "And of every customer, in `balances`:", ""]
    return "\n".join([*lines, *_columns(described.BALANCES)])


def _columns(columns: dict[str, described.Described]) -> list[str]:
    rows = ["| column | unit | needed by | meaning |", "|---|---|---|---|"]
    for name, one in columns.items():
        needed = ", ".join(f"`{command}`" for command in one.needed_by)
        rows.append(f"| `{name}` | {one.unit} | {needed} | {_cell(one.meaning)} |")
    if not any(one.needed_by for one in columns.values()):
        rows = [re.sub(r"^((?:\|[^|]*){2})\|[^|]*", r"\1", row) for row in rows]
    return [*rows, ""]


def exit_codes_page() -> str:
    """What a command ends with."""
    lines = ["# Exit codes", "", "Every command ends with one of these.", ""]
    lines += ["| code | meaning | what to do |", "|---|---|---|"]
    lines += [f"| {int(code)} | {meaning} | {then} |" for code, (meaning, then) in EXIT_CODES.items()]
    return "\n".join([*lines, ""])


def mapping_page() -> str:
    """The keys of a mapping file, from the models, and the exports that are known."""
    doc = Path(mapping_module.__file__).read_text(encoding="utf-8")
    example = re.search(r"\.\. code-block:: toml\n\n(.*?)\n\nThe layouts", doc, flags=re.S)
    lines = ["# Mapping", "", "A small TOML file that says once which column of a table is which;", ""]
    lines[-2] += " `nector-sim check FILE --propose --out columns.toml` writes a first draft, with its evidence."
    if example:
        lines += ["```toml", *(line.removeprefix("    ") for line in example[1].splitlines()), "```", ""]
    lines += ["## Keys", "", *_fields(Mapping)]
    lines += ["## `[statuses]`", "", *_fields(Statuses)]
    lines += ["## Columns that a mapping may name", "", ", ".join(f"`{name}`" for name in NAMES), ""]
    lines += ["## Balances", "", "A file of customers and their points takes a mapping of its own.", ""]
    lines += _fields(BalancesMapping)
    lines += ["## Exports that are known", "", "| `--format` | export | the cart amount is |", "|---|---|---|"]
    for name, layouts in known_layouts().items():
        lines += [f"| `{name}` | {_cell(one.name)} | {_cell(one.cart_words)} |" for one in layouts]
    return "\n".join([*lines, ""])


def schemas_page() -> str:
    """The two JSON schemas."""
    case = (ROOT / "data" / "parity" / "case.schema.json").read_text(encoding="utf-8")
    program = json.dumps(Program.model_json_schema(), indent=2)
    return "\n".join(
        [
            "# Schemas",
            "",
            "## A program",
            "",
            "```json",
            program,
            "```",
            "",
            "## A parity case",
            "",
            "```json",
            case.strip(),
            "```",
        ]
    )


def law_pages() -> dict[str, str]:
    """The law, with its links turned to the site's places."""
    pages = {}
    for path in sorted((ROOT / "data" / "law").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\]\(\.\./\.\./(?:nector_sim|data|tests)/[^)]*\)", "]", text)
        pages[f"law/{path.name}"] = text.replace("](../docs/", "](../")
    return pages


def notebook_page(name: str) -> tuple[str, dict[str, bytes]]:
    """One notebook, run, as Markdown with its pictures; a widget as the picture that its cell names."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    if RUN:
        with TemporaryDirectory() as folder:
            NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}}).execute()
    for cell in notebook.cells:
        if picture := cell.metadata.get("picture"):
            data = base64.b64encode((ROOT / "data" / "pictures" / picture).read_bytes()).decode()
            cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": data})]
    text, resources = MarkdownExporter().from_notebook_node(notebook, resources={"output_files_dir": f"{name}_files"})
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"\]\((\w+\.png)\)", r"](../pictures/\1)", text)  # pictures that stand beside the notebook
    text = re.sub(
        r'<table border="1" class="dataframe">', "<table>", text
    )  # plain ones scroll by themselves on a phone
    return text, resources.get("outputs", {})


def notebooks_page() -> str:
    """The list of notebooks, each with its first line of words."""
    lines = [
        "# Notebooks",
        "",
        "In `notebooks/` of the repository, or `nector-sim examples FOLDER`. Here with results.",
        "",
    ]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        title = next((c.source.splitlines()[0].lstrip("# ") for c in cells if c.cell_type == "markdown"), path.stem)
        lines.append(f"- [{title}](notebooks/{path.stem}.md)")
    return "\n".join(lines)
