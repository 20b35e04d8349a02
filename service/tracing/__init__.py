"""Traces of calls, sent by OpenTelemetry to where its own variables say, and not made without."""
