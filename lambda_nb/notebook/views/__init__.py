"""Live views in a notebook: dashboard, access log, old and new code of an update, sliders."""
