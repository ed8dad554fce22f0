"""Application load balancers with functions as their targets."""
