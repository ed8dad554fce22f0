"""CloudFront Functions: their events, what they may return, and what their code may say."""
