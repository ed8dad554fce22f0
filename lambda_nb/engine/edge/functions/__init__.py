"""CloudFront Functions: JavaScript that runs in the engine, at the viewer's two events."""
