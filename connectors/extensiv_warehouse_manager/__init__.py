"""Extensiv 3PL Warehouse Manager (formerly 3PL Central)."""

from connectors.extensiv_warehouse_manager.client import WarehouseManager
from connectors.extensiv_warehouse_manager.settings import Settings

__all__ = ["Settings", "WarehouseManager"]
