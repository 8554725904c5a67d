"""Where connectors log: structlog as the application set it up, or else the standard library's `connectors` logger."""

import logging
from typing import Any

import structlog


def connection_log(**bound: str) -> Any:
    """A structlog logger with these words bound.

    structlog left unconfigured prints everything to standard output, which a library must not do; so without a
    configuration this goes to the `connectors` logger of the standard library, silent below warnings by default.
    """
    if structlog.is_configured():
        return structlog.get_logger("connectors").bind(**bound)
    quiet = structlog.wrap_logger(
        logging.getLogger("connectors"),
        processors=[structlog.stdlib.filter_by_level, structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return quiet.bind(**bound)
