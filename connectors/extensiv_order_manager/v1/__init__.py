"""Extensiv Order Manager by its own v1 API: another surface of the same account."""

from connectors.extensiv_order_manager.v1.client import OrderManagerV1, Settings

__all__ = ["OrderManagerV1", "Settings"]
