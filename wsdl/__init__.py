"""The WSDL documents of the services."""
