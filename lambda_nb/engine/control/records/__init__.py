"""Durable records: the document store, tags, pages of lists, repair."""
