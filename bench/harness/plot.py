"""A table of results as an SVG of bars: the median, with a line from the least to the greatest."""
from xml.sax.saxutils import escape

from .arithmetic import Spread

COLOURS = ["#0b6e4f", "#8d99ae", "#e07a5f", "#3d5a80", "#b8860b", "#7b5ea7"]
ORDER = ["cpu_us", "p50_us", "ops_s", "wall_ms", "rss_mb", "mb"]
LABEL = {"cpu_us": "CPU µs per operation", "p50_us": "p50, µs", "ops_s": "operations/s", "wall_ms": "ms", "rss_mb": "MB resident", "mb": "MB"}
LEFT, WIDTH, BAR, GAP = 260, 860, 14, 16


def measure_of(row):
    return next((name for name in ORDER if any(name in figures for figures in row.figures.values())), None)


def bars(title, rows):
    subjects = list(dict.fromkeys(subject for row in rows for subject in row.figures))
    colour = {subject: COLOURS[number % len(COLOURS)] for number, subject in enumerate(subjects)}
    parts, y = [], 40
    for row in rows:
        measure = measure_of(row)
        if measure is None:
            continue
        shown = {subject: Spread.of(figures[measure]) for subject, figures in row.figures.items() if figures.get(measure)}
        scale = (WIDTH - LEFT - 120) / max(max(s.greatest for s in shown.values()), 1e-9)
        parts.append(f'<text x="8" y="{y + 11}" font-weight="bold">{escape(row.title[:40])}</text>')
        parts.append(f'<text x="8" y="{y + 25}" fill="#666">{LABEL[measure]}</text>')
        for subject, s in shown.items():
            parts.append(f'<text x="{LEFT - 6}" y="{y + 11}" text-anchor="end" fill="{colour[subject]}">{escape(subject)}</text>')
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{max(1, s.median * scale):.1f}" height="{BAR - 2}" fill="{colour[subject]}"/>')
            parts.append(f'<line x1="{LEFT + s.least * scale:.1f}" x2="{LEFT + s.greatest * scale:.1f}" y1="{y + 6}" y2="{y + 6}" stroke="#222"/>')
            parts.append(f'<text x="{LEFT + s.greatest * scale + 6:.1f}" y="{y + 11}">{s.median:,.4g}</text>')
            y += BAR
        y += GAP + (BAR if len(shown) == 1 else 0)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 4}" font-family="sans-serif" font-size="11">'
            f'<rect width="100%" height="100%" fill="white"/><text x="8" y="22" font-size="14" font-weight="bold">{escape(title)}</text>'
            + "".join(parts) + "</svg>\n")
