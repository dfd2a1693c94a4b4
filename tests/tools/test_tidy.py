"""tools/tidy.py finds what it says it finds."""
import subprocess
import sys
from pathlib import Path

import pytest

TIDY = Path(__file__).resolve().parents[2] / "tools" / "tidy.py"

CLEAN = {
    "src/base/CMakeLists.txt": "tm_module(NAME base)",
    "src/base/bytes.h": "#pragma once\n",
    "src/storage/CMakeLists.txt": "tm_module(NAME storage)",
    "src/storage/store.h": '#pragma once\n#include "base/bytes.h"\n',
    "src/tables/CMakeLists.txt": "tm_module(NAME tables DEPS storage)",
    "src/tables/tables.cc": '#include "storage/store.h"\n// a fork() in a comment is no process\n',
    "src/topics/CMakeLists.txt": "tm_module(NAME topics DEPS storage)",
    "src/topics/topics.h": "#pragma once\n",
    "src/api/common/CMakeLists.txt": "tm_module(NAME api/common)",
    "src/api/common/front.h": "#pragma once\n",
    "src/api/dynamodb/CMakeLists.txt": "tm_module(NAME api/dynamodb DEPS tables api/common)",
    "src/api/dynamodb/put_item.cc": '#include "api/common/front.h"\n',
    "src/api/kafka/CMakeLists.txt": "tm_module(NAME api/kafka DEPS topics)",
    "src/api/kafka/fetch.h": "#pragma once\n",
}


def tidy(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return subprocess.run([sys.executable, TIDY, "--root", folder], capture_output=True, text=True)


def test_a_clean_tree_passes(tmp_path):
    run = tidy(tmp_path, CLEAN)
    assert run.returncode == 0, run.stdout
    assert run.stdout.strip().endswith("7 modules, 0 findings")


@pytest.mark.parametrize("name, text, finding", [
    ("src/tables/tables.cc", '#include "topics/topics.h"\n', "does not name topics"),
    ("src/api/dynamodb/put_item.cc", '#include "api/kafka/fetch.h"\n', "does not name api/kafka"),
    ("src/api/dynamodb/CMakeLists.txt", "tm_module(NAME api/dynamodb DEPS api/kafka api/common)", "names front api/kafka"),
    ("src/storage/CMakeLists.txt", "tm_module(NAME storage DEPS tables)", "the arrow goes upward"),
    ("src/tables/CMakeLists.txt", "tm_module(NAME tables DEPS storage topics)", "the arrow goes upward"),
    ("src/tables/CMakeLists.txt", "tm_module(NAME tables DEPS storage nowhere)", "which is no module"),
    ("src/odd/CMakeLists.txt", "tm_module(NAME odd)", "has no place"),
    ("src/tables/tables.cc", '#include "storage/gone.h"\n', "does not exist"),
    ("src/base/bytes.h", '#include "storage/store.h"\n', "does not name storage"),
    ("src/tables/tables.cc", "auto t = std::chrono::system_clock::now();\n", "reaches a clock"),
    ("src/tables/tables.cc", 'auto v = std::getenv("HOME");\n', "reaches the environment"),
    ("src/tables/tables.cc", "std::random_device d;\n", "reaches entropy"),
    ("src/tables/tables.cc", "int s = ::socket(1, 2, 3);\n", "reaches a socket"),
    ("src/tables/tables.cc", "auto p = fork();\n", "reaches a process"),
    ("src/tables/tables.cc", "// " + "TO" + "DO later\n", "a work mark"),
    ("docs/guide.md", "see /" + "work/here\n", "a path of one machine"),
    ("src/tables/README.md", "line\n" * 41, "at most forty lines"),
    ("examples/package-lock.json", '{"resolved": "https://registry.example/x.tgz"}', "names its registry's host"),
])
def test_each_breach_is_found(tmp_path, name, text, finding):
    run = tidy(tmp_path, {**CLEAN, name: text})
    assert run.returncode == 1
    assert finding in run.stdout
