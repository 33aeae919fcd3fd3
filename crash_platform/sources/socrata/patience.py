"""How long to wait and how often to ask again.

What counts as a passing fault is decided in `page`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity
from tenacity.stop import stop_base

from crash_platform.sources.socrata.dataset import SocrataDataset
from crash_platform.sources.socrata.errors import SocrataUnavailableError
from crash_platform.sources.socrata.page import TransientError

REQUEST_ATTEMPTS = 5
LONGEST_BACKOFF_SECONDS = 60.0
LONGEST_WISH_SECONDS = 300.0

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


def backoff_seconds(attempt: int, jitter: float, wish: float | None = None) -> float:
    """The wait after failed attempt number `attempt`, counted from 1.

    It doubles, is spread by `jitter` in [0, 1), and is never shorter than the portal's own wish.
    """
    own = min(LONGEST_BACKOFF_SECONDS, 2.0 ** (attempt - 1)) * (0.5 + jitter / 2)
    return own if wish is None else wish + own * jitter


@dataclass(frozen=True)
class Patience:
    """Asks again after a passing fault; `sleep` and `jitter` (0 to 1) are given."""

    dataset: SocrataDataset
    sleep: Callable[[float], None]
    jitter: Callable[[], float]

    def ask(self, question: Callable[[], _T]) -> _T:
        """The first answer to `question` that is not a TransientError.

        Raises:
            SocrataUnavailableError: after five attempts, or when the portal wishes to be left alone
                for longer than five minutes.
        """
        retrying = tenacity.Retrying(
            sleep=self.sleep,
            stop=tenacity.stop_after_attempt(REQUEST_ATTEMPTS) | _SentAway(),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(TransientError),
            before_sleep=self._report,
            reraise=True,
        )
        try:
            return retrying(question)
        except TransientError as failure:
            # Without its cause: an HTTP exception's frames hold the request's headers.
            raise self._given_up(retrying.statistics["attempt_number"], failure) from None

    def pause(self, attempt: int) -> None:
        """Waits before a whole pull is repeated."""
        self.sleep(backoff_seconds(attempt, self.jitter()))

    def _wait(self, state: tenacity.RetryCallState) -> float:
        return backoff_seconds(state.attempt_number, self.jitter(), _wish(state))

    def _report(self, state: tenacity.RetryCallState) -> None:
        _log.warning(
            "Socrata at %s, dataset %s: attempt %d failed (%s), next in %.1f s.",
            self.dataset.host,
            self.dataset.dataset_id,
            state.attempt_number,
            state.outcome.exception() if state.outcome else "no outcome",
            state.upcoming_sleep,
        )

    def _given_up(self, attempts: int, failure: TransientError) -> SocrataUnavailableError:
        wish = failure.retry_after
        when = "later" if wish is None else f"in {wish:.0f} s"
        return SocrataUnavailableError(
            f"Socrata at {self.dataset.host} gave no usable answer for dataset "
            f"{self.dataset.dataset_id} in {attempts} attempt{'s' if attempts > 1 else ''} "
            f"(last: {failure}); check the address and the network, and try again {when}."
        )


def _wish(state: tenacity.RetryCallState) -> float | None:
    failure = state.outcome.exception() if state.outcome else None
    return failure.retry_after if isinstance(failure, TransientError) else None


class _SentAway(stop_base):
    """The portal wishes for a longer wait than a run should hold."""

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        return (_wish(retry_state) or 0.0) > LONGEST_WISH_SECONDS
