"""``python -m nector_sim`` is ``nector-sim``."""

from nector_sim._start import command

command()
