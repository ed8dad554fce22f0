"""Certificates of devices, and of the authorities that sign them."""
