"""Shops with a stated process and known truth, to test methods on and to learn from."""
