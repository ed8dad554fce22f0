"""Rules of CloudFront's cache: what is kept, for how long, under which key, and what removes it."""
