"""Live views in a notebook: dashboard, access log, JupyterLab panel, sliders."""
