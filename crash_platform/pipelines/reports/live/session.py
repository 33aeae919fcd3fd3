"""One stretch of scoring, from a beginning to the first trouble: follow, score, commit.

Whatever fails leaves by its error. What was not committed then is read again by the next session.
"""

from collections.abc import Sequence

from crash_platform.pipelines.injuries.answering import Answer, NoModelError
from crash_platform.pipelines.reports.live.beginning import Beginning, waiting
from crash_platform.pipelines.reports.live.desk import Books, Desk
from crash_platform.pipelines.reports.live.remembering import Remembered
from crash_platform.pipelines.reports.live.scoring import Delivery, rows, sorted_out
from crash_platform.pipelines.reports.live.tidying import Tidying
from crash_platform.pipelines.reports.live.trouble import Outages
from crash_platform.streams.log import Description, Following, Message


class Session:
    """Scores what comes after a beginning.

    Args:
        desk: what it works with.
        beginning: where scoring begins.
        books: where it is counted.
        outages: told of what works.
        waits: wait for a champion; otherwise not having one is an error.

    Raises:
        LakeError: what was scored already cannot be read.
    """

    def __init__(
        self, desk: Desk, beginning: Beginning, books: Books, outages: Outages, *, waits: bool
    ) -> None:
        self._desk, self._beginning, self._books, self._outages = desk, beginning, books, outages
        self._waits = waits
        self._log, self._held = beginning.log, beginning.held
        self._positions = dict(beginning.after)
        self._remembered = Remembered(desk.table.scored, desk.clock().date())
        self._tidying = Tidying(desk.table.tidy, desk.timer, desk.pace.tidy_after)
        self._is_idle = False
        self._committed_at = desk.timer() - desk.pace.commit_every
        self._looked_at = desk.timer()
        self._has_said_no_model = False

    def run(self) -> None:
        """Follow the hub until it is time to stop, or until the hub has changed its partitions.

        Raises:
            StreamError: the hub cannot be read any more.
            LakeError: predictions cannot be written.
            CommitFailedError: somebody else scored meanwhile.
        """
        following = self._desk.log.follow(self._positions)
        try:
            while not self._desk.stop.is_set() and self._is_as_begun():
                messages = self._gathered(following)
                self._outages.answered()
                if messages:
                    self._score(messages)
                self._books.now_and_then(self._lag())
        finally:
            following.close()

    def run_once(self) -> None:
        """Score what the hub held at the beginning, and nothing that came later.

        Raises:
            NoModelError: there is no champion.
            StreamError: the hub cannot be read any more.
            LakeError: predictions cannot be written.
            CommitFailedError: somebody else scored meanwhile.
        """
        for part in () if self._beginning.skipped else self._beginning.plan.ranges:
            for messages in self._desk.log.read(part):
                if self._desk.stop.is_set():
                    return
                self._outages.answered()
                self._score(messages)
                self._books.now_and_then(self._lag())
            # The end of a range may hold no event (Kafka's control records).
            self._held = self._desk.table.append([], self._held, {part.partition_id: part.until})

    def _gathered(self, following: Following) -> list[Message]:
        """What comes first, and if there was a commit just now, all that comes until the next."""
        desk, pace = self._desk, self._desk.pace
        messages = following.take(pace.most, pace.wait)
        self._is_idle = not messages
        due = self._committed_at + pace.commit_every
        while messages and len(messages) < pace.most and not desk.stop.is_set():
            left = due - desk.timer()
            if left <= 0:
                break
            messages += following.take(pace.most - len(messages), left)
        return messages

    def _score(self, messages: Sequence[Message]) -> None:
        desk = self._desk
        done = sorted_out(messages, self._remembered.has)
        answers = self._answers(done.news)
        if answers is None:
            return
        made = rows(done.news, answers, self._held.generation, desk.clock())
        self._held = desk.table.append(made, self._held, done.reached)
        self._committed_at = desk.timer()
        self._outages.committed()
        self._positions |= done.reached
        for each in done.news:
            report = each.report
            self._remembered.add(report.crash_date, report.event_id, report.event_version)
        self._remembered.forget()
        self._books.add(done, desk.clock())
        self._tidying.added(each.report.crash_date for each in done.news)

    def _answers(self, news: Sequence[Delivery]) -> list[Answer] | None:
        """Answers of the champions, once there are some; ``None`` if told to stop before."""
        reports = [self._desk.read(each.report) for each in news]
        while reports:
            try:
                answers = self._desk.answerer().answer(reports)
            except NoModelError as error:
                self._wait_for_model(error)
                if self._desk.stop.is_set():
                    return None
            else:
                return answers
        return []

    def _wait_for_model(self, error: NoModelError) -> None:
        if not self._waits:
            raise error
        if not self._has_said_no_model:
            self._desk.say(f"{error} Reports wait for it in the hub; nothing is lost.")
        self._has_said_no_model = True
        self._desk.stop.wait(self._desk.pace.model_every)

    def _is_as_begun(self) -> bool:
        """Whether the hub is still the one that is followed, asked now and then."""
        if self._desk.timer() - self._looked_at < self._desk.pace.look_every:
            return True
        self._looked_at, before = self._desk.timer(), self._log
        self._log = self._desk.log.describe()
        return _shape(self._log) == _shape(before)

    def _lag(self) -> int:
        """Reports that wait, as far as is known without asking the hub."""
        return 0 if self._is_idle else waiting(self._log, self._positions)


def _shape(log: Description) -> tuple[int, tuple[str, ...]]:
    return log.generation, tuple(each.partition_id for each in log.partitions)
