"""EventBridge Pipes: one source, a filter, an enrichment, a target.

``pipes`` runs a poller (``events.polled``) for each running pipe, ``execution`` takes each batch
through the stages: ``enrichments``, then ``targets``.
"""
