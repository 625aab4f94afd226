"""The record of every call: how it is written and read, and when it is deleted."""
