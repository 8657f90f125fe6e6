"""`sandgate story` and `sandgate explain`: a tool that is built, installed and used as its users do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

BACKEND = '''
"""A build backend that needs nothing: a wheel is a zip file with a record (PEP 517, PEP 427)."""
import base64, hashlib, zipfile
from pathlib import Path

def build_wheel(folder, config_settings=None, metadata_directory=None):
    info = "lamp-1.0.dist-info"
    files = {"lamp.py": Path("lamp.py").read_bytes()}
    files[f"{info}/METADATA"] = b"Metadata-Version: 2.1\\nName: lamp\\nVersion: 1.0\\n"
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{info}/entry_points.txt"] = b"[console_scripts]\\nlamp = lamp:main\\n"
    digest = lambda data: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    record = "".join(f"{n},sha256={digest(d)},{len(d)}\\n" for n, d in files.items()) + f"{info}/RECORD,,\\n"
    name = "lamp-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder) / name, "w") as archive:
        for n, d in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(n, d)
    return name
'''
HEAD = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["build_backend"]
[project]
name = "lamp"
version = "1.0"
"""
LAMP = '''
"""Makes and removes a bucket, with nothing but the standard library: Signature Version 4."""
import datetime, hashlib, hmac, os, sys, urllib.error, urllib.parse, urllib.request

def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()

def call(method, bucket, hard_coded=False):
    region = os.environ["AWS_REGION"]
    url = urllib.parse.urlsplit(f"https://s3.{region}.amazonaws.com" if hard_coded else os.environ["AWS_ENDPOINT_URL"])
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, empty = now.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(b"").hexdigest()
    headers = {"host": url.netloc, "x-amz-content-sha256": empty, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\\n" for name in sorted(headers))
    canonical = f"{method}\\n/{bucket}\\n\\n{lines}\\n{names}\\n{empty}"
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\\n{stamp}\\n{scope}\\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in (*scope.split("/"),):
        key = sign(key, part)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    who = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 {who}, SignedHeaders={names}, Signature={signature}"
    request = urllib.request.Request(url.geturl() + f"/{bucket}", method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as got:
            return got.status
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {bucket}: {error.code} {error.read().decode()}")

def main():
    what, *rest = sys.argv[1:]
    if what == "far":
        print("far", *(call(method, *rest, hard_coded=True) for method in ("PUT", "DELETE")))
        try:
            urllib.request.urlopen("https://example.org")
        except OSError as error:
            print("away:", error)
        return
    print("lamp", what, *(call("DELETE" if what == "off" else "PUT", name) for name in rest))
'''
STORY = """
setup = ['! env | grep -E "^AWS_|^SANDGATE_|//main:"']
temporary = { LAMP_BUCKET = "s3-bucket" }
examples = ["examples/garden"]
environment = { LAMP_NAME = "{prefix}-lamp", WHO = "{uuid}" }
on_failure = ["lamp destroy --uuid $WHO", "lamp stdout --uuid $WHO $SID"]

[[steps]]
name = "look"
run = '''
test ! -t 0; test "$HOME" != "$OWNER"; test -z "$(ls -A "$HOME")"; test -z "${AWS_PROFILE-}${SECRET_OF_MINE-}"
test "$AWS_SHARED_CREDENTIALS_FILE" = /dev/null; cat garden/plan.txt; echo "bucket $LAMP_BUCKET"; echo "session 4-2"
'''
capture = { SID = 'session (\\S+)' }
[steps.expect]
output = ["two trees", "bucket test-"]
lines = 3

[[steps]]
name = "on"
run = 'lamp on "$LAMP_NAME"; test "$SID" = 4-2; lamp far "$LAMP_NAME-far"; env'
[steps.expect]
output = ["^lamp on 200$", "^far 200 204$", "^away: .*403", "^HTTPS_PROXY="]
resources = { s3-bucket = 1 }
calls = { "s3:CreateBucket" = 2 }

[[steps]]
name = "node"
run = '''
command -v node >/dev/null || { echo node 0; exit 0; }
keys=https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x/.well-known/jwks.json
node -e "fetch('$keys').then(answer => console.log('node', answer.status))"
'''
[steps.expect]
output = ['^node \\d+$']

[[steps]]
name = "off"
run = 'lamp off "$LAMP_NAME"'
[steps.expect]
none_left = true
calls = { "s3:CreateBucket" = 0 }
"""


@pytest.fixture
def lamp(project: Any) -> Any:
    """A project with a tool and no story yet."""
    project.write("pyproject.toml", HEAD + (project.folder / "pyproject.toml").read_text())
    project.write("build_backend/backend.py", BACKEND)
    project.write("lamp.py", LAMP)
    project.write("examples/garden/plan.txt", "two trees\n")
    return project


def story(project: Any, text: str, name: str = "first") -> None:
    project.write(f"stories/{name}/story.toml", text)


def transcript(project: Any) -> str:
    return str((project.last / "transcript.txt").read_text())


def test_stories_from_a_fresh_build_and_from_the_last_one_by_make(lamp: Any) -> None:
    story(lamp, STORY)
    lamp.write("stories/bare/test.sh", '#!/bin/sh\nset -e\nlamp on "$STORY_PREFIX-x"\nlamp off "$STORY_PREFIX-x"\n')
    lamp.write("stories/bare/Makefile", "NEED_EXAMPLES = garden\ninclude ../common.mk\n")
    init = lamp.sandgate("story", "init", "third")
    assert f"kept   {lamp.folder}/stories/bare/Makefile" in init.out
    assert (lamp.folder / "stories/third/story.toml").exists()
    assert json.loads((lamp.folder / "stories/test_user_policy.json").read_text())["Statement"]
    names = [line.split()[0] for line in lamp.sandgate("story", "list").out.splitlines()]
    assert names == ["bare", "first", "third"]
    program = f"{sys.executable} -P -m sandgate"
    environ = {"AWS_PROFILE": "mine", "SECRET_OF_MINE": "x", "OWNER": os.environ.get("HOME", "/root")}
    lamp.environ.update(environ)
    done = lamp.shell(f"cd stories/first && make local SANDGATE='{program}'")
    assert done.returncode == 0, done.stdout + done.stderr
    said = transcript(lamp)
    assert "built from this checkout" in said
    assert lamp.receipt["status"] == 0
    assert next(line for line in said.splitlines() if "on out" in line).endswith("lamp on 200")
    assert "Z story        | off: exit status 0" in said
    done = lamp.shell(f"cd stories/bare && make local-nobuild SANDGATE='{program}'")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as it was built last" in transcript(lamp)
    assert "lamp on 200" in transcript(lamp)


def test_what_hangs_is_ended_and_swept_and_the_failure_says_what_to_type(lamp: Any) -> None:
    hangs = STORY.replace("'lamp off \"$LAMP_NAME\"'", "'sleep 600 & sleep 600'\ntimeout = 0.5")
    hangs = hangs.replace('test "$SID" = 4-2', "lamp on prod-lamp || true", 1)
    story(lamp, hangs)
    without_bubblewrap(lamp)
    said = lamp.sandgate("story", "run", "first", "--local")
    assert said.status == 143
    assert "not isolated: bubblewrap is not here" in said.out
    assert "far 200 204\n" in said.out
    secret = "".join(line.partition("HTTPS_PROXY=")[2] for line in said.out.splitlines() if "on out" in line)
    assert secret.startswith("http://main:[redacted]@127.0.0.1:")
    assert "was ended: it took longer than 0.5 s" in said.err
    who = said.err.partition("lamp destroy --uuid ")[2].split()[0]
    assert who.count("-") == 4
    assert f"    lamp destroy --uuid {who}\n    lamp stdout --uuid {who} 4-2\n" in said.err
    assert "s3:CreateBucket failed with AccessDenied  [permission-refused]" in said.err
    again = lamp.sandgate("explain")
    assert again.out in said.err
    assert "  remedy:  " in again.out
    (left,) = [one for one in lamp.receipt["leftovers"] if one["type"] == "AWS::S3::Bucket"]
    assert left["swept"] is True
    assert lamp.receipt["reasons"]


def test_what_is_provided_for_a_story_does_not_make_it_green(lamp: Any) -> None:
    idle = "package = 'nowhere'\ntemporary = { B = 's3-bucket', Q = 'sqs-queue', T = 'dynamodb-table' }\n"
    story(lamp, idle + "[[steps]]\nrun = 'test -n \"$B$Q$T\"'\n[steps.expect]\nnone_left = true\n")
    assert lamp.sandgate("story", "run", "first").status == 7
    assert lamp.receipt["leftovers"] == []
    assert lamp.receipt["calls"]["s3"]["CreateBucket"] == lamp.receipt["calls"]["s3"]["DeleteBucket"] == 1


def without_bubblewrap(project: Any) -> None:
    shim = project.write("bin/bwrap", "#!/bin/sh\nexit 1\n")
    shim.chmod(0o755)
    project.environ["PATH"] = f"{shim.parent}:{os.environ['PATH']}"


def lives(pid: str) -> bool:
    try:
        return Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows processes as files")
def test_a_story_that_is_killed_leaves_no_process_and_no_green_receipt_and_is_swept(lamp: Any, queues: Any) -> None:
    lamp.write("pyproject.toml", f"[tool.sandgate]\n{queues.options()}")
    without_bubblewrap(lamp)
    run = "run = 'setsid sleep 600 & echo pids $$ $!; sleep 600'\n"
    story(lamp, f"package = 'nowhere'\ntemporary = {{ Q = 'sqs-queue' }}\n[[steps]]\nname = 'wait'\n{run}")
    started = lamp.start("story", "run", "first")
    texts = started.wait_for(
        lambda: [text for path in lamp.runs.glob("*/transcript.txt") if "| pids" in (text := path.read_text())], "step"
    )
    pids = texts[0].partition("| pids ")[2].split()[:2]
    assert all(map(lives, pids))
    started.process.kill()
    started.end()
    deadline = time.monotonic() + 60
    while any(map(lives, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not (lamp.last / "receipt.json").exists()
    assert queues.names
    assert lamp.sandgate("sweep", "--yes").status == 0
    assert queues.names == set()


DOCKERFILE = """
FROM localhost/sandgate-test-base
ARG LAMP_PKG
ARG LAMP_VERSION
WORKDIR /story
COPY . .
RUN test -z "$LAMP_VERSION" && test -z "${AWS_ENDPOINT_URL-}" && python3 -m zipfile -e "$LAMP_PKG" /site
ENV PYTHONPATH=/site
CMD ["./test.sh", "one"]
"""
IN_IMAGE = """#!/bin/sh
set -e
test "$1" = one; test ! -e /root/.aws; test ! -t 0; test -z "${SECRET_OF_MINE-}"
(sleep 600 &)
python3 -c 'import lamp; lamp.main()' on "$STORY_PREFIX-x"
python3 -c 'import lamp; lamp.main()' far "$STORY_PREFIX-far"
python3 -c 'import lamp; lamp.main()' off "$STORY_PREFIX-x"
"""


def test_a_bare_story_with_a_dockerfile_reaches_the_gate_from_an_image_without_a_registry(
    lamp: Any, base_image: str
) -> None:
    lamp.write("stories/bare/test.sh", IN_IMAGE)
    lamp.write("stories/bare/Dockerfile", DOCKERFILE.replace("localhost/sandgate-test-base", base_image))
    lamp.sandgate("story", "init")
    lamp.environ["SECRET_OF_MINE"] = "x"
    done = lamp.sandgate("story", "run", "bare", "--local", "--runtime", "buildah")
    assert done.status == 0, done.out + done.err
    assert "lamp on 200" in transcript(lamp)
    assert "far 200 204\n" in transcript(lamp)
    assert "away: <urlopen error Tunnel connection failed: 403" in transcript(lamp)
    assert lamp.receipt["calls"] == {"s3": {"CreateBucket": 2, "DeleteBucket": 2}}
    left = subprocess.run(("buildah", "containers", "--format", "{{.ContainerName}}"), capture_output=True, check=True)
    assert b"sandgate-story-" not in left.stdout
    lamp.write("stories/bare/Dockerfile", f"FROM {base_image}\nARG LAMP_PKG\n")
    done = lamp.sandgate("story", "run", "bare", "--no-build", "--runtime", "buildah")
    assert (done.status, "lamp is not installed where the story's python3" in done.err) == (4, True), done.err
    lamp.write("stories/bare/Dockerfile", f"FROM {base_image}\nRUN exit 3\n")
    done = lamp.sandgate("story", "run", "bare", "--local", "--runtime", "buildah")
    assert (done.status, "cannot build the story's image" in done.err) == (4, True), done.err


@pytest.fixture
def containers(lamp: Any, base_image: str) -> Any:
    """`containers(engine)` lets the project use an engine that starts containers here, or skips the test."""

    def make(engine: str) -> None:
        path = shutil.which(engine)
        # By itself podman asks for more than some machines may give; runc goes with every kind of control groups.
        given = ["nofile=1024:1024", "nproc=1024:1024"]
        runtime = 'runtime = "runc"\n' if shutil.which("runc") else ""
        text = f"[containers]\ndefault_ulimits = {given}\n[engine]\n{runtime}cgroup_manager = 'cgroupfs'\n"
        lamp.environ["CONTAINERS_CONF"] = str(lamp.write("containers.conf", text))
        environ = {**os.environ, "CONTAINERS_CONF": lamp.environ["CONTAINERS_CONF"]}
        if path and engine == "docker":
            line = ("buildah", "push", "--quiet", base_image, f"docker-daemon:{base_image}:latest")
            subprocess.run(line, env=environ, capture_output=True, check=False)
        trial = (path or "false", "run", "--rm", "--network", "none", base_image, "true")
        done = subprocess.run(trial, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{engine} starts no containers here: {done.stderr.strip()[-300:] or 'it is not installed'}")
        # An engine that has no network of this machine to give, as on other systems than Linux.
        shim = lamp.write(f"shim/{engine}", f'#!/bin/sh\ncase " $* " in *" host "*) exit 125; esac\nexec {path} "$@"\n')
        shim.chmod(0o755)

    return make


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["podman", "docker"])
@pytest.mark.parametrize("way", ["no network but the gate, by a unix socket", "on this machine's network"])
def test_a_container_reaches_the_gate_and_the_hosts_of_aws(
    lamp: Any, containers: Any, base_image: str, effort: int, engine: str, way: str
) -> None:
    if effort < 2 and (engine, way[:2]) != ("podman", "no"):
        pytest.skip("SANDGATE_EFFORT=2 runs it: each takes some seconds, and the rest is the same")
    containers(engine)
    if way.startswith("no"):
        lamp.environ["PATH"] = f"{lamp.folder}/shim:{os.environ['PATH']}"
    lamp.write("stories/bare/test.sh", IN_IMAGE)
    docker = DOCKERFILE.replace("localhost/sandgate-test-base", base_image).replace("CMD", "USER 1000\nENTRYPOINT")
    lamp.write("stories/bare/Dockerfile", docker)
    lamp.sandgate("story", "init")
    done = lamp.sandgate("story", "run", "bare", "--local", "--runtime", engine)
    assert done.status == 0, done.out + done.err
    assert way in done.out
    assert "far 200 204\n" in done.out
    assert "away: <urlopen error Tunnel connection failed: 403" in done.out
    left = subprocess.run((engine, "ps", "--all"), env=lamp.environ, capture_output=True, check=True)
    assert b"sandgate-story-" not in left.stdout
