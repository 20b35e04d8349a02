"""What a request costs, beside peers that are measured in the same run."""
