"""Metrics for Prometheus (`/metrics`): what the processes count, and what the database is asked at that time.

Only a deployment with a token has them. Without one, nothing is counted and their library isn't loaded.
"""
