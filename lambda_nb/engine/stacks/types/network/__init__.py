"""Resource types of networks and shared files, as far as a function in a VPC needs them."""
