"""Extensiv 3PL Warehouse Manager (formerly 3PL Central)."""

from connectors.extensiv_warehouse_manager.client import Settings, WarehouseManager

__all__ = ["Settings", "WarehouseManager"]
