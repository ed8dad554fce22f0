"""What a notebook shows while functions run: dashboard, JupyterLab panel, sliders."""
