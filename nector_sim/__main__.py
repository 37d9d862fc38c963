"""``python -m nector_sim`` is ``nector-sim``."""

from nector_sim._process import command

command()
