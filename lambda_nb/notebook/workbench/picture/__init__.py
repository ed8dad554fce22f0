"""The picture of a connection: its functions and the services around them."""
