"""The kernel's side of the JupyterLab workbench: what its pages see, and what they may ask for."""
