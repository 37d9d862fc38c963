"""One program as one self-contained calculator in another language, printed from one tree of expressions."""
