"""The fake of Extensiv Order Manager."""

from mock_servers.extensiv_order_manager import actions, seed, sound
from mock_servers.extensiv_order_manager.behaviour import fake

__all__ = ["actions", "fake", "seed", "sound"]
