"""The examples as they stand: they type-check, and their templates hold what their READMEs say."""
import re
import subprocess

import pytest
from support import examples

NAMES = ["change-logger", "tournament", "stream-to-topic", "topic-to-table", "notes", "joined"]


def test_they_type_check():
    done = subprocess.run([examples.EXAMPLES / "node_modules" / ".bin" / "tsc", "-p", examples.EXAMPLES], capture_output=True,
                          text=True, timeout=170)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_readme_of_one_screen(name):
    text = (examples.EXAMPLES / name / "README.md").read_text()
    assert 10 < text.count("\n") <= 45
    for mentioned in re.findall(r"`(?:\.\./)?([\w/-]+\.(?:ts|py|cc))`", text):
        assert (examples.EXAMPLES / name / mentioned).exists() or (examples.EXAMPLES / mentioned).exists(), mentioned


@pytest.mark.parametrize("name", NAMES)
def test_each_is_synthesized_by_cdk(name):
    _, template = examples.stack_of(examples.synthesize(name))
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    assert "AWS::Lambda::Function" in kinds and "AWS::Lambda::EventSourceMapping" in kinds
