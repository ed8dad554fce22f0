"""Code: where it comes from, where it is kept, how it is downloaded, who signed it."""
