"""From figures to ratios, goals and regressions. Pure: no clock, no process."""
from dataclasses import dataclass
from statistics import median
from typing import Optional


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, with the least and the greatest."""
    median: float
    least: float
    greatest: float

    @staticmethod
    def of(values):
        return Spread(median(values), min(values), max(values))


def paired(values, others, combine):
    """Round by round, so that what slowed the machine down in one round slowed both."""
    if len(values) == len(others):
        return [combine(a, b) for a, b in zip(values, others)]
    return [combine(median(values), median(others))]


@dataclass(frozen=True)
class Goal:
    """`subject`'s measure, alone or against another's, at most or at least so much.

    of: divided by that subject's measure; minus: less that subject's measure.
    """
    measure: str
    subject: str
    at_most: Optional[float] = None
    at_least: Optional[float] = None
    of: Optional[str] = None
    minus: Optional[str] = None
    of_measure: Optional[str] = None     # another measure of the other subject

    def values(self, figures):
        """One value a round, or None when a subject was not there. `figures`: {subject: {measure: [value a round]}}."""
        own = figures.get(self.subject, {}).get(self.measure)
        other = self.of or self.minus
        if not own:
            return None
        if other is None:
            return own
        others = figures.get(other, {}).get(self.of_measure or self.measure)
        if not others or (self.of and min(others) <= 0):
            return None
        return paired(own, others, (lambda a, b: a / b) if self.of else (lambda a, b: a - b))

    def met(self, figures):
        """True, False, or None when it could not be measured."""
        values = self.values(figures)
        if values is None:
            return None
        middle = median(values)
        return middle <= self.at_most if self.at_most is not None else middle >= self.at_least

    @property
    def smaller_is_better(self):
        return self.at_most is not None

    @property
    def name(self):
        against = f" / {self.of}" if self.of else f" - {self.minus}" if self.minus else ""
        return f"{self.measure}: {self.subject}{against}"


def regressions(before, now, tolerance=0.10):
    """What got worse by more than `tolerance`, beyond both runs' spread.

    Both: {row: {goal name: {"values": [...], "smaller_is_better": bool}}}. Returns [(row, goal, old median, new median)].
    Rows and goals that only one run has say nothing.
    """
    worse = []
    for row, goals in now.items():
        for name, goal in goals.items():
            old = before.get(row, {}).get(name)
            if not old or not old["values"] or not goal["values"]:
                continue
            was, is_now = Spread.of(old["values"]), Spread.of(goal["values"])
            if goal["smaller_is_better"]:
                bad = is_now.median > was.median + abs(was.median) * tolerance and is_now.least > was.greatest
            else:
                bad = is_now.median < was.median - abs(was.median) * tolerance and is_now.greatest < was.least
            if bad:
                worse.append((row, name, was.median, is_now.median))
    return worse
