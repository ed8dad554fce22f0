"""What settings and names Lambda accepts, and the defaults."""
