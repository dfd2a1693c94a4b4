"""A row of results: what was measured, of whom, and what it is to be."""
from dataclasses import dataclass, field


@dataclass
class Row:
    name: str                       # as on the command line
    title: str
    table: str                      # the table of the report in which it stands
    goals: list
    figures: dict = field(default_factory=dict)   # {subject: {measure: [value a round]}}
    notes: list = field(default_factory=list)

    def add(self, subject, measures):
        for measure, value in measures.items():
            if isinstance(value, (int, float)):
                self.figures.setdefault(subject, {}).setdefault(measure, []).append(value)

    def goal_values(self):
        """What the regression check compares."""
        return {goal.name: {"values": goal.values(self.figures) or [], "smaller_is_better": goal.smaller_is_better} for goal in self.goals}


def interleaved(row, rounds, subjects):
    """Visits the subjects in turn, each round beginning with another. `subjects`: {name: function that returns measures}."""
    names = list(subjects)
    for number in range(rounds):
        at = number % len(names)
        for name in names[at:] + names[:at]:
            row.add(name, subjects[name]())
    return row
