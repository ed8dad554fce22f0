"""Change sets: how one is drafted, with those of nested stacks, shown and executed."""
