"""The fake of Extensiv 3PL Warehouse Manager."""

from mock_servers.extensiv_warehouse_manager import actions, seed, sound
from mock_servers.extensiv_warehouse_manager.behaviour import fake

__all__ = ["actions", "fake", "seed", "sound"]
