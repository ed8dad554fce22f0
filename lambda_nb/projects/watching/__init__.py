"""Watch the files of a project and bring what was saved into its functions."""
