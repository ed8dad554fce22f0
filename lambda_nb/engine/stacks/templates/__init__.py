"""Templates: from their text to resolved properties, by rules alone.

What they need from outside (values of exports, of dynamic references, of macros) they ask of
callables.
"""
