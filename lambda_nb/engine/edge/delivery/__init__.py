"""A viewer's request, from stage to stage, and the response on its way back."""
