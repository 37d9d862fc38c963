"""What people look at: pictures, the explorer's form and figures, the report; nothing is computed here."""

from pathlib import Path

#: What the browser gets: scripts, styles and pages.
FRONT = Path(__file__).parent / "front"
