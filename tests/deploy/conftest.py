"""Templates as text, deployed by the real command."""
import json

import pytest
from support.examples import outputs_of


@pytest.fixture
def deploy(server, tmp_path):
    """deploy(stack, template) -> (finished command, outputs). The template is text (YAML) or a dictionary (JSON)."""

    def run(stack, template, *arguments, check=True):
        path = tmp_path / (f"{stack}.json" if isinstance(template, dict) else f"{stack}.yaml")
        path.write_text(json.dumps(template) if isinstance(template, dict) else template)
        done = server.tidemill("deploy", path, "--stack-name", stack, "--yes", *arguments, check=check)
        return done, outputs_of(done.stdout)

    return run


@pytest.fixture
def destroy(server):
    return lambda stack, check=True: server.tidemill("destroy", stack, "--yes", check=check)
