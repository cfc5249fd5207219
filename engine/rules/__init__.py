"""The promises of care, one file each, in the order in which they are told to a person."""

from __future__ import annotations

from engine.rules.arrival import ArrivalRule
from engine.rules.base import Rule, Violation
from engine.rules.breaks import BreaksRule
from engine.rules.changes import ChangesRule
from engine.rules.complete import CompleteRule
from engine.rules.continuity import ContinuityRule
from engine.rules.duty import DutyRule
from engine.rules.emergencies import EmergenciesRule
from engine.rules.entitlements import EntitlementsRule
from engine.rules.fair_load import FairLoadRule
from engine.rules.figures import FiguresRule
from engine.rules.hot_food import HotFoodRule
from engine.rules.loads import LoadsRule
from engine.rules.match import MatchRule
from engine.rules.pins import PinsRule
from engine.rules.portions import PortionsRule
from engine.rules.priority import PriorityRule
from engine.rules.rest import RestRule
from engine.rules.shifts import ShiftsRule
from engine.rules.skills import SkillsRule
from engine.rules.teams import TeamsRule
from engine.rules.windows import WindowsRule

__all__ = ["RULES", "Rule", "Violation"]

RULES: tuple[Rule, ...] = (
    CompleteRule(),
    SkillsRule(),
    MatchRule(),
    ArrivalRule(),  # before the windows: it says more of the same
    RestRule(),  # likewise, and before the shifts, which it shortens
    WindowsRule(),
    PinsRule(),
    ShiftsRule(),
    TeamsRule(),
    BreaksRule(),
    DutyRule(),
    LoadsRule(),
    EntitlementsRule(),  # before the portions: what is not paid for takes none
    PortionsRule(),
    HotFoodRule(),
    EmergenciesRule(),
    PriorityRule(),
    ContinuityRule(),
    ChangesRule(),
    FairLoadRule(),
    FiguresRule(),
)
