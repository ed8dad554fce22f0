"""Origins: where a distribution's objects come from, and how requests reach them."""
