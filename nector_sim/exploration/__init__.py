"""Many settings at once: grids, sweeps, comparisons, the frontier, and facts of a setting without any orders."""
