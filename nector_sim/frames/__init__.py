"""The one door of tables: files and frames read, checked and turned into the whole numbers that calculators take."""
