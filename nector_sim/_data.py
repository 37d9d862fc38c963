"""Files that come with the package: the demo orders, example programs, worked cases and the law in words."""

from __future__ import annotations

from pathlib import Path


def data_path(name: str) -> Path:
    """Find a file that comes with the package.

    Parameters
    ----------
    name : str
        Path below ``data/``, such as ``programs/gokwik-example.toml``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> data_path("programs/gokwik-example.toml").name
    'gokwik-example.toml'
    """
    package = Path(__file__).parent
    # A wheel carries data/ inside the package; a checkout has it beside.
    for folder in (package / "data", package.parent / "data"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"nector_sim comes with no file {name}")
