"""Live views in a notebook: dashboard, JupyterLab panel, sliders."""
