"""The report: one page that opens without a network, and the workbook of the same sections."""
