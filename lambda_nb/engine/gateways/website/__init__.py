"""Static websites: the public objects of a bucket of S3, as pages for browsers."""
