"""The fake of Extend Commerce."""

from mock_servers.extend_commerce import actions, behaviour, office, seed, sound
from mock_servers.extend_commerce.behaviour.base import fake

__all__ = ["actions", "behaviour", "fake", "office", "seed", "sound"]
