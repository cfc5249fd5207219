"""The members of a team are at the home together, or one order follows another in time (P220x).

Every member of a team is another worker, of a role that the member asks for; all start at the same
second, and the visit has all of them or none. An order that comes after another one starts within
its gaps of the other's start, by the same or another worker where it says so; both are served or
neither. What a member needs beyond that is read by the rules of skills and windows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import MemberOrder, VisitOrder
from engine.domain.words import clock
from engine.rules.base import Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case, Visit
    from engine.domain.workers import Role
    from engine.draft import Draft


class TeamsRule(Rule):
    """Teams come together, and what follows another order follows in time (P220x)."""

    name: ClassVar[str] = "teams"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2200": Text(
            "order {order} is done by a team; this stop does not say which of {members} comes",
            "工单 {order} 须由团队完成，此站点未注明是 {members} 中的哪一位",
        ),
        "P2201": Text(
            "the team of order {order} is not complete: {missing} is missing",
            "工单 {order} 的团队不完整：缺少 {missing}",
        ),
        "P2202": Text(
            "members {first} and {second} of order {order} start at {start} and {other}; a team "
            "starts together",
            "工单 {order} 的成员 {first} 与 {second} 分别于 {start} 和 {other} 开始，"
            "团队须同时开始",
        ),
        "P2203": Text(
            "members {first} and {second} of order {order} are one worker, {worker}",
            "工单 {order} 的成员 {first} 与 {second} 为同一人 {worker}",
        ),
        "P2204": Text(
            "member {member} of order {order} is to be {roles}; worker {worker} is {role}",
            "工单 {order} 的成员 {member} 须为 {roles}，而服务人员 {worker} 为 {role}",
        ),
        "P2205": Text(
            "order {order} starts {gap} s after order {first}; {least} to {most} s are asked for",
            "工单 {order} 在工单 {first} 开始后 {gap} 秒开始，要求为 {least} 至 {most} 秒",
        ),
        "P2206": Text(
            "order {order} is served and {other}, which it is tied to, is not",
            "工单 {order} 已安排，而与其相连的工单 {other} 未安排",
        ),
        "P2207": Text(
            "orders {first} and {order} are to be served by one worker; they are by {workers}",
            "工单 {first} 与 {order} 须由同一人服务，实际为 {workers}",
        ),
        "P2208": Text(
            "orders {first} and {order} are to be served by two workers; both are by {workers}",
            "工单 {first} 与 {order} 须由不同人员服务，实际均为 {workers}",
        ),
        "P2209": Text(
            "the stop names member {member}; order {order} is done by one person",
            "该站点标注了成员 {member}，而工单 {order} 由一人完成",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Tie the members' tasks and those of orders that follow each other; roles are skills."""
        from engine.domain.ties import links_of

        draft.ties += links_of(draft.problem)
        asked = set()
        for task in draft.tasks:
            if isinstance(task.order, MemberOrder) and task.order.roles:
                roles = frozenset(task.order.roles)
                asked.add(roles)
                task.skills.add(("role", roles))
        for vehicle in draft.vehicles:
            vehicle.skills |= {("role", roles) for roles in asked if vehicle.worker.role in roles}

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Lay the stops of every team, and of every order that follows another, side by side."""
        for order in case.problem.orders:
            if not isinstance(order, VisitOrder):
                continue
            visits = case.served.get(order.id, [])
            team = case.problem.service_by_id[order.service].team
            team = team if order.team is None else order.team
            for visit in visits if not team else ():
                if visit.stop.member is not None:
                    yield self.broken(
                        "P2209", visit.path, order=order.id, member=visit.stop.member
                    )
            if visits and team:
                names = [member.id or str(k) for k, member in enumerate(team, start=1)]
                roles = {name: m.roles for name, m in zip(names, team, strict=True)}
                yield from self._check_team(order.id, roles, visits)
            if order.after is not None:
                yield from self._check_after(case, order)

    def _check_team(
        self, order: str, roles: Mapping[str, Sequence[Role]], visits: Sequence[Visit]
    ) -> Iterator[Violation]:
        for visit in visits:
            if visit.stop.member not in roles:
                yield self.broken("P2200", visit.path, order=order, members=", ".join(roles))
        there = [v for v in visits if v.stop.member in roles]
        present = Counter(v.stop.member for v in there)
        missing = [name for name in roles if not present[name]]
        if there and missing:
            yield self.broken("P2201", there[0].path, order=order, missing=", ".join(missing))
        for k, visit in enumerate(there):
            member, worker = visit.stop.member, visit.ride.worker
            asked = roles[member or ""]
            if worker is not None and asked and worker.role not in asked:
                yield self.broken(
                    "P2204", visit.path, order=order, member=member, roles="/".join(asked),
                    worker=worker.id, role=worker.role,
                )
            if k == 0:
                continue
            first = there[0]
            if visit.stop.start_s != first.stop.start_s:
                yield self.broken(
                    "P2202", visit.path, order=order, first=first.stop.member, second=member,
                    start=clock(first.stop.start_s), other=clock(visit.stop.start_s),
                )
            for earlier in there[:k]:
                who = visit.ride.route.worker
                if earlier.ride.route.worker == who and earlier.stop.member != member:
                    yield self.broken(
                        "P2203", visit.path, order=order, first=earlier.stop.member,
                        second=member, worker=who,
                    )

    def _check_after(self, case: Case, order: VisitOrder) -> Iterator[Violation]:
        after = order.after
        assert after is not None
        mine, others = case.served.get(order.id, []), case.served.get(after.order, [])
        for here, there, this, other in (
            (mine, others, order.id, after.order), (others, mine, after.order, order.id)
        ):
            if here and not there:
                yield self.broken("P2206", here[0].path, order=this, other=other)
        if not mine or not others:
            return
        second, first = _first_member(case, mine), _first_member(case, others)
        ids = {"order": order.id, "first": after.order}
        gap = second.stop.start_s - first.stop.start_s
        if not after.min_gap_s <= gap <= after.max_gap_s:
            yield self.broken(
                "P2205", second.path, **ids, gap=gap, least=after.min_gap_s, most=after.max_gap_s
            )
        workers = first.ride.route.worker, second.ride.route.worker
        if after.same_worker and workers[0] != workers[1]:
            yield self.broken("P2207", second.path, **ids, workers=", ".join(workers))
        if after.different_worker and workers[0] == workers[1]:
            yield self.broken("P2208", second.path, **ids, workers=workers[0])


def _first_member(case: Case, visits: Sequence[Visit]) -> Visit:
    """Stop that counts for what follows: of a team the first member's."""
    order = case.problem.order_by_id[visits[0].stop.order]
    team = order.team if isinstance(order, VisitOrder) else ()
    if team is None:
        team = case.problem.service_by_id[order.service].team
    name = (team[0].id or "1") if team else None
    return next((v for v in visits if v.stop.member == name), visits[0])
