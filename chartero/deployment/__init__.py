"""The environment and the secrets of a deployment."""
