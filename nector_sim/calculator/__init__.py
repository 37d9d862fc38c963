"""One order, one answer: the exact law, the compiled law, and the words for what limits a discount."""
