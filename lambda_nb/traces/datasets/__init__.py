"""Public traces of real platforms, as their authors published them."""
