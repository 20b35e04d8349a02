"""The pages: a module for each subject, whose ``blueprint`` has its routes."""
