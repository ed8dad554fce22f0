"""Resource types: how each is made, changed, replaced and deleted, by calls of AWS's APIs."""
