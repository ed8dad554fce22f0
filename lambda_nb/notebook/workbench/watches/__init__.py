"""What pages follow until they stop it: the logs of a function, and its activity."""
