"""Connections of clients: what they send is checked, carried out and answered."""
