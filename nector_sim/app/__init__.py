"""The app: a page for this machine alone, its server, and the project that it keeps; nothing is computed here."""

from pathlib import Path

#: What the browser gets: a page, its scripts and its styles.
FRONT = Path(__file__).parent / "front"
