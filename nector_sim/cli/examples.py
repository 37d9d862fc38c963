"""``examples``: the notebooks and the example files, as a folder of one's own; the tutorial's commands run in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nector_sim.cli import options

#: Of the demo; a test holds that the same files come out as are in data/web_shop.
_SEED = 2026


def examples(
    folder: Annotated[Path, typer.Argument(help="A new folder for them.", parser=options.here)],
) -> None:
    """Copy the notebooks and example files into a folder.

    orders_export.csv and balances.csv are those of the simulated web shop, as Shopify exports them; they are made anew.

    Then: nector-sim lab FOLDER/notebooks/...

    Example: nector-sim examples nector-examples
    """
    import shutil

    import nector_sim as ns
    from nector_sim.errors import InputError

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there already; name a new folder, so that nothing of yours is replaced")
    package = Path(ns.__file__).parent
    # A wheel carries notebooks/ inside the package; a checkout has it beside.
    notebooks = next(place for place in (package / "notebooks", package.parent / "notebooks") if place.is_dir())
    try:
        shutil.copytree(notebooks, folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
        for name in ("programs", "assumptions"):
            shutil.copytree(ns.data_path(name), folder / name)
        # Made from the recipe of the demo, as two more megabytes would be in everybody's wheel.
        shop = ns.simulate("web shop", ns.load_program(ns.data_path("programs/web-shop.toml")), seed=_SEED)
        shop.shopify_export(folder / "orders_export.csv")
        shop.balance_file(folder / "balances.csv")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(f"{folder} cannot be written: {error.strerror or error}") from None
    first = sorted((folder / "notebooks").glob("*.ipynb"))[0]
    typer.echo(f"{folder}: notebooks, programs, assumptions, orders of a simulated shop. Next: nector-sim lab {first}")
