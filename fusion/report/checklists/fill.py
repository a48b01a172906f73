"""A checklist and the facts of a run -> a reply to every item."""

from fusion.report.checklists.facts import Facts
from fusion.report.checklists.item import Checklist, Filled, Item, Reply, authors, not_applicable
from fusion.report.checklists.rules import RULES


def fill(checklist: Checklist, facts: Facts) -> Filled:
    """Reply to every item; what no rule knows is for the authors.

    An item about a method that the run did not use, or about development where nothing was
    developed, is not applicable; where it is not known whether the method was used, the item is for
    the authors.
    """
    if checklist.requires and facts.uses(*checklist.requires) is False:
        lacking = not_applicable(f"the run has no {' or '.join(checklist.requires)}")
        return Filled(checklist, tuple(lacking for _ in checklist.items))
    return Filled(checklist, tuple(_reply(item, facts) for item in checklist.items))


def _reply(item: Item, facts: Facts) -> Reply:
    if item.part == "development" and not facts.develops:
        return not_applicable("the model was not developed in this run")
    if item.condition is not None:
        used = facts.uses(item.condition)
        if used is None:
            return authors(f"Whether there is {item.condition} is not known to the run.")
        if not used:
            return not_applicable(f"there is no {item.condition}")
    return RULES[item.rule](facts) if item.rule is not None else authors()
