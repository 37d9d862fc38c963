"""How quick it is, as ratios within one run: ``python -m tests.bench [NAME ...]``.

Every module here with a function ``run`` is a benchmark, called by the module's name.
"""
