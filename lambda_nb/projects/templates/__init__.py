"""Read templates and samconfig; find local paths in them and replace them by S3 locations."""
