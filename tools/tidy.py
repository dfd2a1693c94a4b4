#!/usr/bin/env python3
"""Checks that the source tree keeps the rules that no compiler checks.

    tools/tidy.py [--root DIR]      exit status 0: clean; 1: findings on standard output, one a line

Arrows      every `#include "folder/..."` under src/ is allowed by the DEPS of its tm_module line; a module line names only
            folders of a lower level; no two folders name each other; wire fronts (api/*) do not include each other.
Seams       clocks, environment, entropy, sockets and processes are reached through runtime/ only.
Papers      no work marks, no paths of one machine, folder READMEs of at most forty lines, lockfiles without hosts.
"""
import argparse
import re
import sys
from pathlib import Path

# Bottom to top. A module may name modules of lower levels only, so an upward arrow or a cycle cannot be declared.
LEVELS = [
    ["base"],
    ["runtime"],
    ["observe"],
    ["http", "storage", "item"],
    ["auth", "expr"],
    ["tables", "topics", "functions", "queues", "objects", "routes"],
    ["streams", "triggers", "transfers"],
    ["deploy", "cluster"],
    ["resources"],
    ["api/common"],
    ["api/awsjson"],
    ["api/*"],
    ["cli"],
    ["server"],
]
# What every folder above them may use without naming it.
GROUND = ["base", "runtime", "observe"]
# The folders of api/ that fronts stand on. All others are fronts, and a front never includes a front.
SHARED_FRONTS = {"api/common", "api/awsjson"}

# What only runtime/ may touch. Unit tests are exempt: they make their own temporary folders.
SEAMS = [
    (r"\b(?:system_clock|steady_clock|high_resolution_clock)::now\b", "a clock"),
    (r"\b(?:clock_gettime|gettimeofday)\s*\(", "a clock"),
    (r"\bstd::time\s*\(", "a clock"),
    (r"\b(?:secure_)?getenv\s*\(", "the environment"),
    (r"\brandom_device\b", "entropy"),
    (r"\b(?:getrandom|arc4random|RAND_bytes)\s*\(", "entropy"),
    (r"(?<![\w:>])::(?:socket|accept4?|epoll_create1?|epoll_wait)\s*\(", "a socket"),
    (r"(?<![\w:>])::(?:v?fork|posix_spawnp?|execvp?e?|popen)\s*\(", "a process"),
    (r"(?<![\w.>:])(?:v?fork\s*\(\s*\)|popen\s*\()", "a process"),
    (r"\bstd::system\s*\(", "a process"),
    (r"\bthis_thread::sleep", "sleep"),
]
# The composition root turns the environment and the machine's entropy into objects; nothing else does.
SEAM_EXEMPT = {
    "src/server/main.cc": {"the environment"},
    "src/cli/main.cc": {"the environment"},
}

WORK_MARKS = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
MACHINE_PATHS = re.compile(r"(?<![\w.$}~/-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me/[a-z]"]) + r")(?:/|\b(?=[\"'\s]))")
TEXT = {".cc", ".h", ".py", ".js", ".mjs", ".ts", ".sh", ".cmake", ".txt", ".md", ".json", ".yaml", ".yml", ".toml", ".html", ".css"}
SKIPPED = {".git", "build", ".tidemill", "node_modules", "__pycache__", "cdk.out", ".venv", "results"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)


def level_of(module):
    for level, names in enumerate(LEVELS):
        if module in names or (module.startswith("api/") and module not in SHARED_FRONTS and "api/*" in names):
            return level
    return None


def read_modules(root):
    """{name: {"deps", "test_deps", "file"}} from every tm_module line under src/."""
    modules = {}
    for cmake in sorted(root.glob("src/**/CMakeLists.txt")):
        text = re.sub(r"#[^\n]*", "", cmake.read_text(encoding="utf-8"))
        for call in re.finditer(r"tm_module\s*\(([^)]*)\)", text):
            fields, key = {}, None
            for word in call.group(1).split():
                if word in ("NAME", "DEPS", "LIBS", "TEST_DEPS", "TEST_LIBS"):
                    key = word
                    fields.setdefault(key, [])
                elif key:
                    fields[key].append(word)
            name = fields["NAME"][0]
            modules[name] = {"deps": fields.get("DEPS", []), "test_deps": fields.get("TEST_DEPS", []),
                             "file": cmake.relative_to(root).as_posix()}
    return modules


def module_of(path, modules):
    """The module that owns `path` (relative to src/): the longest module name that is a folder above it."""
    parts = path.split("/")[:-1]
    while parts:
        if "/".join(parts) in modules:
            return "/".join(parts)
        parts.pop()
    return None


def check_declared(modules, say):
    for name, module in modules.items():
        level = level_of(name)
        if level is None:
            say(module["file"], 1, f"module {name} has no place in tools/tidy.py LEVELS")
            continue
        for dep in module["deps"]:
            if dep not in modules:
                say(module["file"], 1, f"{name} names {dep}, which is no module")
            elif name.startswith("api/") and dep.startswith("api/") and dep not in SHARED_FRONTS:
                say(module["file"], 1, f"front {name} names front {dep}; fronts never include each other")
            elif level_of(dep) is not None and level_of(dep) >= level:
                say(module["file"], 1, f"{name} names {dep}: the arrow goes upward (or between neighbours)")
            if name in modules.get(dep, {}).get("deps", []):
                say(module["file"], 1, f"{name} and {dep} name each other")


def check_includes(root, modules, say):
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in (".cc", ".h"):
            continue
        inside = path.relative_to(root / "src").as_posix()
        owner = module_of(inside, modules)
        text = path.read_text(encoding="utf-8")
        for hit in INCLUDE.finditer(text):
            target = hit.group(1)
            line = text.count("\n", 0, hit.start()) + 1
            where = f"src/{inside}"
            if not (root / "src" / target).exists():
                if "/" in target and (root / "src" / target.split("/")[0]).is_dir() and not target.endswith(".inc"):
                    say(where, line, f'"{target}" does not exist under src/')
                continue
            wanted = module_of(target, modules)
            if wanted == owner:
                continue
            if wanted is None:
                say(where, line, f'"{target}" belongs to no module')
                continue
            if owner is None:
                continue  # a program of its own folder, outside every module
            allowed = set(modules[owner]["deps"])
            if inside.endswith("_test.cc") or path.name.startswith("test_"):
                allowed |= set(modules[owner]["test_deps"])
            if wanted in GROUND and (level_of(wanted) or 0) < (level_of(owner) or 0):
                continue
            if wanted not in allowed:
                say(where, line, f'{owner} includes "{target}", but its module line does not name {wanted}')


def check_seams(root, say):
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in (".cc", ".h") or path.name.endswith(("_test.cc", "_fuzz.cc")):
            continue
        where = path.relative_to(root).as_posix()
        if where.startswith("src/runtime/"):
            continue
        # Comments and literals go, newlines stay, so that line numbers hold.
        text = COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), path.read_text(encoding="utf-8"))
        for pattern, what in SEAMS:
            if what in SEAM_EXEMPT.get(where, ()):
                continue
            for hit in re.finditer(pattern, text):
                say(where, text.count("\n", 0, hit.start()) + 1, f"{hit.group(0).strip()} reaches {what}; use runtime/")


def files_of(root):
    pending = [root]
    while pending:
        for path in sorted(pending.pop().iterdir()):
            if path.name in SKIPPED or path.is_symlink():
                continue
            if path.is_dir():
                pending.append(path)
            elif path.suffix in TEXT or path.name == "dev":
                yield path


def check_papers(root, say):
    for path in files_of(root):
        where = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.name == "package-lock.json":
            if '"resolved": "http' in text:
                say(where, 1, "the lockfile names its registry's host; write it with omit-lockfile-registry-resolved")
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if WORK_MARKS.search(line):
                say(where, number, "a work mark: finish the work or file it")
            if MACHINE_PATHS.search(line):
                say(where, number, "a path of one machine")
        if path.name == "README.md" and where.startswith("src/") and text.count("\n") > 40:
            say(where, 1, "a folder's README is at most forty lines")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = options.parse_args().root.resolve()
    findings = []

    def say(where, line, text):
        findings.append(f"{where}:{line}: {text}")

    modules = read_modules(root)
    check_declared(modules, say)
    check_includes(root, modules, say)
    check_seams(root, say)
    check_papers(root, say)
    for finding in findings:
        print(finding)
    print(f"tidy: {len(modules)} modules, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
