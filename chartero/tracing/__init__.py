"""Traces of calls for a collector of OpenTelemetry: where the time of each call went, and nothing about whom.

Only a deployment that names a collector has them. Without one, nothing is loaded and a call passes none of this.
"""
