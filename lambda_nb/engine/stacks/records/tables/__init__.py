"""The tables of the records, each with what is read from it and written to it."""
