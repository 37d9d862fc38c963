"""``python -m nector_sim`` is ``nector-sim``."""

from nector_sim.cli import command

command()
