"""What people look at: pictures, the explorer's form and figures, the report; nothing is computed here."""
