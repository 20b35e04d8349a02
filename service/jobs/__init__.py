"""What runs in the background: the delivery of mail."""
