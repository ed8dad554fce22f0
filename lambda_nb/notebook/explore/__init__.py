"""``explore``: sliders over a trace, with a picture that follows them at once."""
