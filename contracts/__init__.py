"""What each vendor promises: documents with evidence, and the few modules that read them."""

from contracts.contract import Contract, Operation, Surface, load, vendors

__all__ = ["Contract", "Operation", "Surface", "load", "vendors"]
