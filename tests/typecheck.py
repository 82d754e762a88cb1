"""The run-time checker that the test suite wraps around the whole package."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
"""As type checkers do, takes an int where a float is asked for."""
