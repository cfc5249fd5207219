"""What every search does with its limits: look at the clock, ask the caller, tell how far it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TypeVar

from solvers.solve import Progress, SolveParams

#: Seconds between two tellings of the progress.
_PROGRESS_S = 0.25
#: The time counts in place of the iterations if these are so far behind it, as shares.
_BEHIND = 0.1
#: Far from the seeds that a user would try next to each other.
_NEXT_SEED = 0x51B54A32D192ED03
#: Seconds between two looks at the clock while others work.
_LOOK_S = 0.05

T = TypeVar("T")


class Limited(ABC):
    """A run within the limits of its parameters.

    Attributes
    ----------
    started, told : by the clock of the parameters: the beginning, and the last telling.
    stopped : why the run has to end, as in :class:`solvers.solve.Result`; empty: it may go on.
    """

    def __init__(self, params: SolveParams) -> None:
        self.params = params
        self.started = self.told = params.clock()
        self.stopped = ""

    @abstractmethod
    def n_iterations(self) -> int:
        """Count the iterations so far."""

    @abstractmethod
    def progress(self) -> Progress:
        """Tell how far the run has come and what the incumbent costs."""

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.params.clock() - self.started

    def is_over(self) -> bool:
        """Whether time is out or the caller cancelled; tells the progress now and then."""
        if self.stopped:
            return True
        p = self.params
        if p.should_stop is not None and p.should_stop():
            self.stopped = "cancelled"
        elif p.time_limit_s is not None and self.elapsed() >= p.time_limit_s:
            self.stopped = "time_limit"
        elif p.on_progress is not None and p.clock() - self.told >= _PROGRESS_S:
            self.told = p.clock()
            p.on_progress(self.progress())
        return bool(self.stopped)

    def share_of_iterations(self) -> float:
        """Share of the iterations that is used up; 0 without a limit."""
        limit = self.params.max_iterations
        return 0.0 if limit is None else self.n_iterations() / max(limit, 1)

    def share(self) -> float:
        """Share of the budget that is used up.

        With both limits that is the share of the iterations, so that a run that is in time can be
        repeated, until the time is clearly the first to end.
        """
        p = self.params
        spent = self.elapsed() / max(p.time_limit_s, 1e-9) if p.time_limit_s is not None else 0.0
        done = self.share_of_iterations()
        by_time = p.max_iterations is None or spent > done + _BEHIND
        return spent if by_time else done


def share_out(params: SolveParams, k: int) -> SolveParams:
    """Return what thread ``k`` gets of the limits of a run, and a seed of its own."""
    most, stall = params.max_iterations, params.stall_iterations
    if most is not None:
        most = most // params.threads + (k < most % params.threads)
    return replace(
        params, max_iterations=most, seed=(params.seed + k * _NEXT_SEED) % (1 << 63),
        stall_iterations=stall and -(-stall // params.threads),
    )


def at_once(
    pool: ThreadPoolExecutor, work: Sequence[Callable[[], T]], leader: Limited
) -> list[T]:
    """Do the first piece of work in this thread and the others in the pool's; wait for all.

    Raises
    ------
    BaseException : whatever one of them raised; the leader has told the others to stop.
    """

    def guarded(piece: Callable[[], T]) -> T:
        try:
            return piece()
        except BaseException:
            leader.stopped = leader.stopped or "failed"
            raise

    futures = [pool.submit(guarded, piece) for piece in work[1:]]
    told = [guarded(piece) for piece in work[:1]]
    while wait(futures, _LOOK_S).not_done:
        leader.is_over()
    return told + [future.result() for future in futures]
