"""What is true of every database, and no constraint of it can hold: one subject a module."""
