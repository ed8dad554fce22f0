"""What the gateways have in common: how they reach functions, their addresses, who may call."""
