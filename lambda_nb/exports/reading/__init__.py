"""Asks an endpoint by boto3, and makes the picture of an application."""
