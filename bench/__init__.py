"""How fast the fakes are: against a bare server returning the same bytes, in one interleaved run. `python -m bench`."""
