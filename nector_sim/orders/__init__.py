"""What happened: a shop's own exports, understood, accounted for and turned into orders."""
