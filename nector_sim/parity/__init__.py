"""Any calculator held against the exact one: worked cases, generated cases, records, functions and URLs."""
