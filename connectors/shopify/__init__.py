"""Shopify, through its GraphQL Admin API."""

from connectors.shopify.client import Shopify
from connectors.shopify.oauth import App, OAuth
from connectors.shopify.settings import Settings

__all__ = ["App", "OAuth", "Settings", "Shopify"]
