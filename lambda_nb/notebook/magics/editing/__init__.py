"""Help while a cell is typed: completion, marks for what is wrong."""
