"""Who comes to an address has time to get in before service (P223x).

Service starts no earlier than the client's ``arrival_s`` after the arrival, once where several
orders are served at the same address one after another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import Order
from engine.domain.words import clock
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft
    from engine.situation import Situation


class ArrivalRule(Rule):
    """Who comes to an address has time to get in before service (P223x)."""

    name: ClassVar[str] = "arrival"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2230": Text(
            "service of order {order} starts at {start}; arrival at {arrival} and {seconds} s to "
            "get in allow {earliest}",
            "工单 {order} 于 {start} 开始服务；{arrival} 到达、入户准备 {seconds} 秒，"
            "最早为 {earliest}",
        ),
        "P2231": Text(
            "{stated} s to get in are stated; the address takes {seconds} s here",
            "标称入户准备 {stated} 秒，而该地址此处应为 {seconds} 秒",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Let the set-up of the locations count."""
        draft.with_setup = True

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Follow every trip from door to door."""
        for ride in case.rides:
            for t, trip in enumerate(ride.route.trips):
                door: tuple[float, float, int] | None = None
                for k, stop in enumerate(trip.stops):
                    client = case.problem.client_by_id.get(stop.client)
                    if client is None:
                        door = None
                        continue
                    here = client.lon, client.lat, client.arrival_s
                    needed = 0 if here == door else client.arrival_s
                    door, path = here, f"{ride.path}.trips[{t}].stops[{k}]"
                    if stop.setup_s != needed:
                        yield self.broken(
                            "P2231", f"{path}.setup_s", stated=stop.setup_s, seconds=needed
                        )
                    if stop.arrival_s <= stop.start_s < stop.arrival_s + needed:
                        yield self.broken(
                            "P2230", path, order=stop.order, start=clock(stop.start_s),
                            arrival=clock(stop.arrival_s), seconds=needed,
                            earliest=clock(stop.arrival_s + needed),
                        )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """Somebody would be at the door in time, but not inside."""
        seconds = situation.problem.client_by_id[order.client].arrival_s
        here, windows = situation.alone(order), situation.windows(order)
        if not seconds or here.in_time(windows).any():
            return None
        if not here._replace(arrive=here.arrive - seconds).in_time(windows).any():
            return None
        numbers = situation.on_shift(order, windows)
        return Obstacle(
            "no_worker_in_window", {**numbers, "arrival_s": seconds},
            f"{numbers['may']} may do it, {numbers['on_shift']} of them on shift then; at the door "
            f"in time, but not with the {-(-seconds // 60)} min that it takes to get in",
            f"可承担者 {numbers['may']} 人，其中 {numbers['on_shift']} 人届时当班；可及时到达门口，"
            f"但计入 {-(-seconds // 60)} 分钟入户准备后无法及时开始",
        )
