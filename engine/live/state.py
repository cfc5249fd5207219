"""What a running day holds: its board, who sends to alarms, and what it has heard and answered."""

from __future__ import annotations

from collections.abc import Callable

from engine.domain.plan import Plan
from engine.domain.problem import Problem
from engine.live.alarm import Dispatcher
from engine.live.answers import AlarmAnswer, LivePolicy, Outcome
from engine.live.board import Board
from engine.live.fixing import fix
from engine.live.repair import mend
from engine.travel import Travel


class DayState:
    """The state of a day, which the handlers of events change.

    Parameters
    ----------
    problem, plan : what the day begins with; the plan is one for the problem.
    travel : the ways between the problem's points.
    policy : what the city lets the day do.
    """

    def __init__(
        self, problem: Problem, plan: Plan, travel: Travel, policy: LivePolicy | None = None
    ) -> None:
        self.policy = policy or LivePolicy()
        self.board = Board(problem, plan, travel, self.policy, fix, mend)
        self.dispatcher = Dispatcher(self.board)
        self.seen: dict[str, bytes] = {}
        self.alarms: dict[str, AlarmAnswer] = {}
        #: Told who goes to an alarm before the plan of the others is made true. Nothing can refuse
        #: the event any more.
        self.on_answer: Callable[[Outcome], None] | None = None
