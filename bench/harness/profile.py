"""--profile: where our server spends its time during a benchmark, as a flame graph."""
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html import escape

from support.server import STATE

WIDTH, LINE, LEAST = 1200, 17, 0.4    # pixels; a narrower frame is not drawn


def of(name, run, bench):
    """Runs the benchmark once more, sampled, and writes NAME.svg and NAME.folded."""
    if not shutil.which("perf"):
        print("  no flame graph: perf is not installed (./dev setup bench)", file=sys.stderr)
        return
    pids = [str(server.pid) for server in bench.fleet.running() if server.name.startswith("Tidemill")]
    if not pids:
        print(f"  no flame graph of {name}: its servers live only as long as the benchmark", file=sys.stderr)
        return
    samples = bench.folder / f"{name}.perf"
    # A virtual machine may not count cycles; its clock always ticks. The odd rate keeps step with nothing.
    perf = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "-g", "-p", ",".join(pids), "-o", str(samples)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        run(replace(bench, rounds=1, quick=True, seconds=max(2.0, bench.seconds)))
    finally:
        perf.send_signal(signal.SIGINT)
        perf.wait()
    text = subprocess.run(["perf", "script", "-i", str(samples), "-F", "comm,ip,sym"], capture_output=True, text=True, errors="replace").stdout
    stacks = folded(text)
    folder = STATE / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.folded").write_text("".join(f"{';'.join(stack)} {count}\n" for stack, count in sorted(stacks.items())))
    (folder / f"{name}.svg").write_text(flame_graph(name, stacks))
    print(f"  flame graph: {folder / f'{name}.svg'}")


def folded(script):
    """`perf script` -> {(outermost, ..., innermost): samples}."""
    stacks = Counter()
    for block in script.split("\n\n"):
        lines = [line for line in block.splitlines() if line.strip()]
        if len(lines) < 2:
            continue
        frames = [short(line.split(None, 1)[1]) for line in lines[1:] if len(line.split(None, 1)) == 2]
        stacks[(lines[0].strip(), *reversed(frames))] += 1
    return stacks


def short(symbol):
    """A function's name without its arguments and template arguments."""
    name, depth = "", 0
    for character in re.sub(r"\(anonymous namespace\)::|tidemill::", "", symbol):
        if character == "(" and depth == 0:
            break
        depth += (character == "<") - (character == ">")
        if depth == 0 and character != ">":
            name += character
    return name.strip() or symbol.strip()


def flame_graph(title, stacks):
    tree = {"children": {}, "samples": 0}
    for stack, count in stacks.items():
        node = tree
        node["samples"] += count
        for frame in stack:
            node = node["children"].setdefault(frame, {"children": {}, "samples": 0})
            node["samples"] += count
    total, boxes, deepest = max(1, tree["samples"]), [], 0

    def draw(node, x, depth):
        nonlocal deepest
        deepest = max(deepest, depth)
        for name, child in sorted(node["children"].items()):
            width = child["samples"] / total * WIDTH
            if width >= LEAST:
                boxes.append((x, depth, width, name, child["samples"]))
                draw(child, x, depth + 1)
            x += width
    draw(tree, 0, 0)
    height = (deepest + 2) * LINE + 30
    parts = []
    for x, depth, width, name, samples in boxes:
        y = height - (depth + 1) * LINE
        red, green = 205 + hash_of(name) % 50, 80 + hash_of(name) // 50 % 120
        parts.append(f'<g><title>{escape(name)}: {samples} samples, {samples / total:.1%}</title>'
                     f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{LINE - 1}" fill="rgb({red},{green},50)"/>')
        if width > 30:
            parts.append(f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(name[:int(width / 6.2)])}</text>')
        parts.append("</g>")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="monospace" font-size="10">'
            f'<rect width="100%" height="100%" fill="white"/><text x="8" y="18" font-size="14">{escape(title)}: {total} samples</text>'
            + "".join(parts) + "</svg>\n")


def hash_of(name):
    """The same colour for a name in every run."""
    value = 0
    for character in name:
        value = (value * 31 + ord(character)) & 0xFFFF
    return value
