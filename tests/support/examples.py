"""The examples: synthesized by the real CDK, deployed by `tidemill deploy`."""
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from .server import ROOT, STATE, binary
from .waiting import wait_until

EXAMPLES = ROOT / "examples"
SOURCES = {".ts", ".py", ".json", ".cc", ".h"}


def _fingerprint(name, context):
    """Of everything that the synthesized template and its assets are made from."""
    digest = hashlib.sha256(json.dumps([name, context], sort_keys=True).encode())
    for path in sorted(EXAMPLES.rglob("*")):
        inside = path.relative_to(EXAMPLES)
        if path.suffix in SOURCES and not {"node_modules", "cdk.out"} & set(inside.parts):
            digest.update(inside.as_posix().encode())
            digest.update(path.read_bytes())
    if context.get("language") == "cpp":
        for bootstrap in sorted(cpp_builds().rglob("bootstrap")):
            digest.update(bootstrap.read_bytes())
    return digest.hexdigest()[:20]


def cpp_builds():
    """Where the C++ functions of the examples are built: one folder with `bootstrap` each."""
    return Path(os.environ.get("TIDEMILL_EXAMPLES_BUILD", binary().parent / "examples"))


def synthesize(name, **context):
    """The cdk.out folder of an example; made anew only when something changed that it is made from."""
    place = STATE / "synth" / f"{name}-{_fingerprint(name, context)}"
    if (place / "manifest.json").exists():
        return place
    for old in place.parent.glob(f"{name}-*"):
        if not context:
            shutil.rmtree(old, ignore_errors=True)
    node_bin = STATE / "node" / "bin"
    environment = {**os.environ, "CDK_OUTDIR": str(place), "CDK_CONTEXT_JSON": json.dumps(context),
                   "TIDEMILL_EXAMPLES_BUILD": str(cpp_builds()), "PATH": f"{node_bin}:{os.environ['PATH']}"}
    done = subprocess.run([str(EXAMPLES / "node_modules" / ".bin" / "tsx"), "app.ts"], cwd=EXAMPLES / name, env=environment,
                          capture_output=True, text=True, timeout=170, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        shutil.rmtree(place, ignore_errors=True)
        raise AssertionError(f"the CDK app of {name} failed\n{done.stdout}\n{done.stderr}")
    return place


def stack_of(cloud_assembly):
    """(stack name, template) of a cdk.out folder that holds one stack."""
    [template] = cloud_assembly.glob("*.template.json")
    return template.name.removesuffix(".template.json"), json.loads(template.read_text())


def deploy(server, cloud_assembly, *arguments):
    """Deploys a cdk.out folder: (the finished command, the outputs of the stack)."""
    done = server.tidemill("deploy", cloud_assembly, "--yes", *arguments, timeout=150)
    return done, outputs_of(done.stdout)


def outputs_of(text):
    """{key: value} of the lines `  Stack.Key = value` that `tidemill deploy` ends with."""
    return {key: value for key, value in re.findall(r"^  \S+?\.(\w+) = (.*)$", text, re.M)}


def messages(server, function, group=None):
    """What a function has logged so far, oldest first."""
    logs = server.client("logs")
    found, token = [], {}
    while True:
        try:
            page = logs.filter_log_events(logGroupName=group or f"/aws/lambda/{function}", **token)
        except logs.exceptions.ResourceNotFoundException:
            return []
        found += [event["message"].rstrip("\n") for event in page["events"]]
        if not page.get("nextToken"):
            return found
        token = {"nextToken": page["nextToken"]}


def wait_for_message(server, function, text, timeout=30):
    """The first log line of the function that holds `text`."""
    return wait_until(lambda: next((line for line in messages(server, function) if text in line), None),
                      timeout=timeout, every=0.2, what=f"{function} logs {text!r}")
