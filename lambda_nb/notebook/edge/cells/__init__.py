"""Cells that become functions at the edge."""
