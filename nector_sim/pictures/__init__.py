"""Pictures: matplotlib axes in and out; nothing is computed here."""
