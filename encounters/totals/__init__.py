"""Exact totals of served encounters: counts that triggers update, and sums of them."""
