"""Reports that are asked about at the same moment, answered as one matrix.

To ask a model costs almost as much for one row as for ten; who asks, and how, is not known here.
"""

from asyncio import Future, get_running_loop
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from crash_platform.errors import PlatformError

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


@dataclass
class Together(Generic[Asked, Answered]):
    """Collects what the tasks of one turn of the event loop ask, and answers it at its end.

    Nobody waits for others to come: what is there is answered at once, alone or not. For the tasks
    of one event loop.

    Attributes:
        answer: one answer for each of some questions, in their order; may raise for all of them
            because of one.
    """

    answer: Callable[[Sequence[Asked]], Sequence[Answered]]
    _waiting: "list[tuple[Asked, Future[Answered]]]" = field(default_factory=list, init=False)

    async def ask(self, asked: Asked) -> Answered:
        """The answer to one question.

        Raises:
            PlatformError: what ``answer`` raises for this question alone.
        """
        loop = get_running_loop()
        future: Future[Answered] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._answer)
        self._waiting.append((asked, future))
        return await future

    def _answer(self) -> None:
        waiting = [each for each in self._waiting if not each[1].done()]
        self._waiting.clear()
        try:
            answers = self.answer([asked for asked, _ in waiting])
            answered = list(zip(waiting, answers, strict=True))
        # Raised again for whoever waits, whatever it is: else they would wait for ever.
        except Exception as error:
            self._refuse(waiting, error)
            return
        for (_, future), answer in answered:
            future.set_result(answer)

    def _refuse(self, waiting: "list[tuple[Asked, Future[Answered]]]", error: Exception) -> None:
        """Tell whoever caused it; the others, asked alone, have answers."""
        if len(waiting) == 1 or not isinstance(error, PlatformError):
            for _, future in waiting:
                future.set_exception(error)
            return
        for each in waiting:
            self._waiting.append(each)
            self._answer()
