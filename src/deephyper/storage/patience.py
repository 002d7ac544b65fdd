"""What a store does while its server cannot be reached: it tries again for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from ..errors import reason

T = TypeVar("T")

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 2.0


def patiently(where: str, do: Callable[[bool], T], is_lost: Callable[[Exception], bool], patience_s: float) -> T:
    """Do something that needs a connection, and do it again where the connection was lost.

    Args:
        where: name of the store, for messages.
        do: the call. It is given whether it was tried before, and may then have happened.
        is_lost: whether an error means that the connection was lost.
        patience_s: how many seconds after the first loss it is still tried.

    Raises:
        ConnectionError: the connection has not come back.
    """
    pause_s, gives_up_at = _FIRST_PAUSE_S, None
    while True:
        try:
            return do(gives_up_at is not None)
        except Exception as error:
            if not is_lost(error):
                raise
            if gives_up_at is None:
                gives_up_at = time.monotonic() + patience_s
                logger.warning("%s: the connection was lost, it is tried again for %g s: %s", where, patience_s, error)
            if time.monotonic() + pause_s > gives_up_at:
                raise ConnectionError(
                    f"{where}: the server could not be reached for {patience_s:g} s ({reason(error)}); start it again, "
                    "and then the script, with checkpoint_restart=True."
                ) from error
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


class WritesLost(RuntimeError):
    """The server has forgotten what it had confirmed."""

    def __init__(self, where: str):
        super().__init__(
            f"{where}: the store has forgotten what was written there, as a server does that had a power cut or keeps "
            "nothing on a disk; end all members of the search, and continue each from its folder with "
            "checkpoint_restart=True."
        )
