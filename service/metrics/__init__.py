"""What is counted of the service, for Prometheus: a process counts, and another one tells."""
