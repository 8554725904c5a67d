"""Faithful, stateful fakes of the vendors' APIs."""
