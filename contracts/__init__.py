"""What each vendor promises: documents with evidence, and the few modules that read them."""

from contracts.contract import Contract, ContractError, Operation, Surface, load, read, vendors

__all__ = ["Contract", "ContractError", "Operation", "Surface", "load", "read", "vendors"]
