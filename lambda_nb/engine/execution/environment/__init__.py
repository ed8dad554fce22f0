"""One execution environment: its phases, its processes, what it reports."""
