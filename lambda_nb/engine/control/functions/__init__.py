"""Functions, their versions and their aliases."""
