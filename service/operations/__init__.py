"""What the service can do: one function per operation, request in, result out."""
