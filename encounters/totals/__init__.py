"""Exact totals of served encounters: counts that triggers keep, and sums over them."""
