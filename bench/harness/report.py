"""Results as JSON for programs and as Markdown for readers."""
import json

from .arithmetic import Spread

MEASURES = [  # name, heading, format
    ("cpu_us", "CPU µs/op", "{:.1f}"), ("ops_s", "ops/s", "{:,.0f}"), ("p50_us", "p50 µs", "{:,.0f}"), ("p99_us", "p99 µs", "{:,.0f}"),
    ("p999_us", "p99.9 µs", "{:,.0f}"), ("rss_mb", "RSS MB", "{:.0f}"), ("pss_mb", "PSS MB", "{:.0f}"), ("wall_ms", "wall ms", "{:.1f}"),
    ("cpu_ms", "CPU ms", "{:.1f}"), ("mb", "MB", "{:.1f}"),
]
VERDICT = {True: "met", False: "**not met**", None: "not measured"}


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def spread(values, form=number):
    s = Spread.of(values)
    if len(values) == 1:
        return form(s.median)
    return f"{form(s.median)} ({form(s.least)}–{form(s.greatest)})"


def limit(goal):
    sign, value = ("≤", goal.at_most) if goal.at_most is not None else ("≥", goal.at_least)
    return f"{sign} {number(value)}" + (" ×" if goal.of else "")


def goal_text(goal):
    headings = {name: heading for name, heading, _ in MEASURES}
    measure = headings.get(goal.measure, goal.measure)
    if goal.of:
        of = f" ({headings.get(goal.of_measure, goal.of_measure)})" if goal.of_measure else ""
        return f"{measure}: {goal.subject} / {goal.of}{of}"
    return f"{measure}: {goal.subject}" + (f" − {goal.minus}" if goal.minus else "")


def tables_of(rows):
    tables = {}
    for row in rows:
        tables.setdefault(row.table, []).append(row)
    return tables


def figures_table(rows):
    used = [(name, heading, form) for name, heading, form in MEASURES
            if any(name in measures for row in rows for measures in row.figures.values())]
    lines = ["| | of | " + " | ".join(heading for _, heading, _ in used) + " |", "|---|---|" + "---:|" * len(used)]
    for row in rows:
        title = row.title
        for subject, measures in row.figures.items():
            cells = [spread(measures[name], form.format) if measures.get(name) else "" for name, _, form in used]
            lines.append(f"| {title} | {subject} | " + " | ".join(cells) + " |")
            title = ""
    return lines


def goals_table(rows):
    lines = ["| | ratio | goal | measured | |", "|---|---|---:|---:|---|"]
    for row in rows:
        for goal in row.goals:
            values = goal.values(row.figures)
            lines.append(f"| {row.title} | {goal_text(goal)} | {limit(goal)} | {spread(values) if values else ''} | {VERDICT[goal.met(row.figures)]} |")
    return lines


def markdown(rows, about, worse, plots=None):
    """`about`: what run() knows of the machine and the moment; `plots`: {table: file name}."""
    goals = [goal.met(row.figures) for row in rows for goal in row.goals]
    lines = ["# Results", "",
             f"`./dev bench` on {about['processors']} processors ({about['model']}), Linux {about['kernel']}, commit {about['commit']}, {about['when']}. "
             f"{about['rounds']} rounds of {about['seconds']:g} s; medians (least–greatest). "
             f"Before the run the machine was {about['busy_before']:.0%} busy with other things.",
             "", f"{goals.count(True)} goals met, {goals.count(False)} not met, {goals.count(None)} not measured.", ""]
    for table, inside in tables_of(rows).items():
        lines += [f"## {table}", ""]
        if plots and table in plots:
            lines += [f"![{table}]({plots[table]})", ""]
        lines += figures_table(inside) + [""]
        if any(row.goals for row in inside):
            lines += goals_table(inside) + [""]
        lines += [f"- {row.title}: {note}" for row in inside for note in row.notes]
        if any(row.notes for row in inside):
            lines.append("")
    if worse:
        lines += ["## Worse than the last recorded run", "", *(f"- {row}, {goal}: {number(old)} → {number(now)}" for row, goal, old, now in worse), ""]
    return "\n".join(lines)


def as_json(rows, about):
    return json.dumps({"about": about, "rows": [
        {"name": row.name, "title": row.title, "table": row.table, "figures": row.figures, "notes": row.notes,
         "goals": [{"name": goal.name, "limit": limit(goal), "met": goal.met(row.figures), "values": goal.values(row.figures) or [],
                    "smaller_is_better": goal.smaller_is_better} for goal in row.goals]}
        for row in rows]}, indent=1, ensure_ascii=False) + "\n"


def goals_of(document):
    """The regression check's view of a recorded JSON."""
    return {row["name"]: {goal["name"]: goal for goal in row["goals"]} for row in document["rows"]}
