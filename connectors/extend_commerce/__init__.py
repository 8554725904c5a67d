"""Extend Commerce (formerly Extend, XTND, Lxir)."""

from connectors.extend_commerce.client import ExtendCommerce, Settings

__all__ = ["ExtendCommerce", "Settings"]
