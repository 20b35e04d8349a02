"""Users whom somebody else vouches for: tokens of an OAuth issuer, verified with its keys."""
