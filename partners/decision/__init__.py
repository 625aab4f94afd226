"""The decision whether a call may pass: its facts, and the ordered policy that is applied to them."""
