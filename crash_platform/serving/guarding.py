"""What the prediction API asks of whoever decides who may ask. No decision is made here."""

from typing import Final, Literal, Protocol

from crash_platform.errors import PlatformError

Role = Literal["reader", "scorer", "admin"]
AccessCode = Literal["unauthorized", "forbidden", "too_many_requests", "unavailable"]
STATUS: Final[dict[str, int]] = {
    "unauthorized": 401,
    "forbidden": 403,
    "too_many_requests": 429,
    "unavailable": 503,
}
"""The HTTP status of every code."""


class AccessError(PlatformError):
    """A request that is not let in.

    Args:
        code: why, for programs.
        message: why, for people: one sentence without any secret.
        retry_after: whole seconds after which asking again may help.
    """

    def __init__(self, code: AccessCode, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code: AccessCode = code
        self.message = message
        self.retry_after = retry_after


class Guard(Protocol):
    """Decides who may ask what."""

    @property
    def is_open(self) -> bool:
        """Whether anybody who reaches the server may ask anything."""

    def admit(self, authorization: str | None, role: Role, client: str) -> None:
        """Let a request in, or raise. Called from several threads at once; may wait.

        Args:
            authorization: the header of that name, as it came.
            role: what is needed; an admin may do all, a scorer all that a reader may.
            client: the address that asks.

        Raises:
            AccessError: it is not let in.
        """
