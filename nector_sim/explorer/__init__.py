"""The explorer: a form and the figures that follow it, in a notebook; nothing is computed here."""

from pathlib import Path

#: What the browser gets: scripts, styles and pages.
FRONT = Path(__file__).parent / "front"
