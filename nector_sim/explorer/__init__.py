"""The explorer: the form, the figures that follow it, and the app around them; nothing is computed here."""

from pathlib import Path

#: What the browser gets: scripts, styles and pages.
FRONT = Path(__file__).parent / "front"
