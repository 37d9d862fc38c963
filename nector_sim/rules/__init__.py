"""What the merchant declares: frozen models of offers and programs; no arrays here."""
