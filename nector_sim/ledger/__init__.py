"""Balances through time: a program, or several in turn, replayed over a history of orders."""
