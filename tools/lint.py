#!/usr/bin/env python3
"""clang-tidy over the sources that git knows, with what was clean remembered.

    tools/lint.py --build DIR --cache DIR [--jobs N] [--log FILE] [--deep] [path...]

A file is looked at again only when it, a header of ours that it reaches, its command, .clang-tidy or clang-tidy itself has
changed. Compiler warnings (thread-safety analysis among them) come with clang-tidy's own findings, so no build is needed but of
the generated sources. Exit status 0 and the line `lint: N files, no findings` when every file is clean.
"""
import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)
DEEP = "--checks=clang-analyzer-*,-clang-analyzer-optin.*"
FINDING = re.compile(r"^(\S+?:\d+:\d+): (?:warning|error): .*\[([\w.,-]+)\]$", re.M)


class Sources:
    """Files and what they include of ours, read once."""

    def __init__(self, roots):
        self.roots = roots
        self.texts, self.reached = {}, {}

    def hash_of(self, path):
        self.read(path)
        return self.texts[path][0]

    def read(self, path):
        if path not in self.texts:
            data = path.read_bytes()
            found = []
            for name in INCLUDE.findall(data.decode(errors="replace")):
                for root in self.roots:
                    if (root / name).is_file():
                        found.append(root / name)
                        break
            self.texts[path] = (hashlib.sha256(data).digest(), found)
        return self.texts[path][1]

    def closure(self, path):
        seen, pending = {path}, [path]
        while pending:
            for other in self.read(pending.pop()):
                if other not in seen:
                    seen.add(other)
                    pending.append(other)
        return sorted(seen)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--build", type=Path, required=True, help="a build folder with compile_commands.json")
    options.add_argument("--cache", type=Path, required=True)
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    options.add_argument("--log", type=Path)
    options.add_argument("--clang-tidy", default="clang-tidy-19")
    options.add_argument("--deep", action="store_true", help="clang's static analyzer too: six times as long")
    options.add_argument("paths", nargs="*", help="only sources under these paths")
    options = options.parse_args()
    began = time.monotonic()
    root = Path(__file__).resolve().parent.parent
    options.cache.mkdir(parents=True, exist_ok=True)
    commands = {}
    for entry in json.loads((options.build / "compile_commands.json").read_text()):
        commands[Path(entry["file"]).resolve()] = entry["command"].replace(str(root), "")
    tracked = subprocess.run(["git", "ls-files", "-z", "--", *(options.paths or ["src"])], cwd=root, check=True, capture_output=True, text=True)
    # Tests are compiled with the same warnings by the sanitizers' builds; fuzz targets are in the build of their own preset only.
    files = [root / name for name in tracked.stdout.split("\0") if name.endswith(".cc") and not name.endswith(("_fuzz.cc", "_test.cc"))]
    skipped = [file for file in files if file not in commands]
    sources = Sources([root / "src", options.build / "generated"])
    tool = subprocess.run([options.clang_tidy, "--version"], check=True, capture_output=True, text=True).stdout
    config = hashlib.sha256((tool + (DEEP if options.deep else "")).encode() + (root / ".clang-tidy").read_bytes()).digest()

    def key_of(file):
        key = hashlib.sha256(config + shlex.join(shlex.split(commands[file])[1:]).encode())
        for each in sources.closure(file):
            key.update(sources.hash_of(each))
        return key.hexdigest()

    keys = {file: key_of(file) for file in files if file in commands}
    todo = [file for file, key in keys.items() if not (options.cache / key).exists()]
    known = len(keys) - len(todo)
    print(f"lint: {len(keys)} files, {known} of them known to be clean", flush=True)

    def check(file):
        started = time.monotonic()
        command = [options.clang_tidy, "-p", str(options.build), "--quiet", str(file)]
        if options.deep:
            command.append(DEEP)
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        if done.returncode == 0:
            (options.cache / keys[file]).touch()
        return file, done, time.monotonic() - started

    findings, failed, slow = {}, [], []
    log = options.log.open("w") if options.log else None
    shown = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        for count, work in enumerate(as_completed([pool.submit(check, file) for file in todo]), 1):
            file, done, seconds = work.result()
            slow.append((seconds, file.relative_to(root).as_posix()))
            if log:
                log.write(f"== {file.relative_to(root)} {seconds:.1f} s, status {done.returncode}\n{done.stdout}")
                log.flush()
            if done.returncode != 0:
                failed.append(file)
                text = done.stdout.replace(str(root) + "/", "")
                before = len(findings)
                for place, check_name in FINDING.findall(text):
                    findings.setdefault((place, check_name), None)
                if len(findings) > before or not FINDING.search(text):
                    print(text + (done.stderr if not FINDING.search(text) else ""), flush=True)
            if time.monotonic() - shown > 15 or count == len(todo):
                shown = time.monotonic()
                print(f"lint: {known + count} of {len(keys)} files, {len(findings)} findings, {shown - began:.0f} s", flush=True)
    for file in skipped:
        print(f"lint: {file.relative_to(root)} is in no build")
    if slow:
        print("lint: the slowest: " + ", ".join(f"{name} {seconds:.0f} s" for seconds, name in sorted(slow, reverse=True)[:5]))
    seconds = time.monotonic() - began
    if failed:
        by_check = {}
        for _, name in findings:
            by_check[name] = by_check.get(name, 0) + 1
        for name, count in sorted(by_check.items(), key=lambda item: -item[1]):
            print(f"  {count:4} {name}")
        print(f"lint: {len(keys)} files, {len(findings)} findings in {len(failed)} files, {seconds:.0f} s")
        return 1
    print(f"lint: {len(keys)} files, no findings, {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
