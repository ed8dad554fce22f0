"""Values in the place of intrinsic functions and dynamic references."""
