"""Cognito: sign-up, sign-in, tokens and messages of user pools, with their Lambda triggers."""
