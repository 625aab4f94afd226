"""The page that explains why a call fails, and the page of each reason code."""
