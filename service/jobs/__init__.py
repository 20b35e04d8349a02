"""What runs in the background: mail, jobs, and figures."""
