"""The front: where fakes, connectors and the engine are put together."""

__version__ = "0.1.0"
