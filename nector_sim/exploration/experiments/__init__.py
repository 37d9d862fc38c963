"""Trying a setting on half of the customers: planned, assigned and read."""
