"""What happened: orders read, checked and turned into the whole numbers that calculators take."""
