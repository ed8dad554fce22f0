"""The viewer's side of a distribution: who may ask, and the form in which the answer goes out."""
