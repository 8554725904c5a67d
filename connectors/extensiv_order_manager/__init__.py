"""Extensiv Order Manager (formerly Skubana)."""

from connectors.extensiv_order_manager.client import OrderManager, Settings

__all__ = ["OrderManager", "Settings"]
