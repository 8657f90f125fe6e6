"""A story on the tier `sandbox`: what it makes is AWS's, and what it leaves is swept there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.sandbox.standin.account import StandIn
from tests.sandbox.tier import identity_of, project

COURIER = '''
"""Makes and removes a queue, with nothing but the standard library: Signature Version 4."""
import datetime, hashlib, hmac, json, os, sys, urllib.parse, urllib.request

def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()

def call(operation, **body):
    url = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
    data, now = json.dumps(body).encode(), datetime.datetime.now(datetime.timezone.utc)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{os.environ['AWS_REGION']}/sqs/aws4_request"
    headers = {"content-type": "application/x-amz-json-1.0", "host": url.netloc, "x-amz-date": stamp,
               "x-amz-target": f"AmazonSQS.{operation}"}
    names, lines = ";".join(headers), "".join(f"{name}:{text}\\n" for name, text in headers.items())
    canonical = f"POST\\n/\\n\\n{lines}\\n{names}\\n{hashlib.sha256(data).hexdigest()}"
    text = f"AWS4-HMAC-SHA256\\n{stamp}\\n{scope}\\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"):
        key = sign(key, part)
    who = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 {who}, SignedHeaders={names}, Signature={signature}"
    with urllib.request.urlopen(urllib.request.Request(url.geturl() + "/", data, headers)) as got:
        return json.loads(got.read() or b"{}")

what, name = sys.argv[1:]
made = call("CreateQueue", QueueName=name)["QueueUrl"]
if what == "used":
    call("DeleteQueue", QueueUrl=made)
print(what, name)
'''
STORY = """
package = "nowhere"
temporary = { ARCHIVE = "s3-bucket" }
environment = { NAME = "{prefix}-parcel" }
[[steps]]
name = "used"
run = 'env; test -n "$ARCHIVE"; python courier.py used "$NAME-1"'
[steps.expect]
output = ["^used test-"]
none_left = true
calls = { "sqs:CreateQueue" = 1, "sqs:DeleteQueue" = 1 }
[[steps]]
name = "left"
run = 'python courier.py left "$NAME-2"'
[steps.expect]
resources = { sqs-queue = 1 }
"""


def test_a_story_in_aws_is_swept_there_and_tells_no_key(standin: StandIn, tmp_path: Path) -> None:
    name = "story-tester"
    key = identity_of(standin, name)
    standin.front.seen.clear()
    env = f"AWS_ACCESS_KEY_ID={key[0]}\nAWS_SECRET_ACCESS_KEY={key[1]}\n"
    here = project(standin, tmp_path, toml=f'identity = "{name}"', env=env)
    story = here.folder / "stories" / "post"
    story.mkdir(parents=True)
    (story / "story.toml").write_text(STORY, encoding="utf-8")
    (story / "courier.py").write_text(COURIER, encoding="utf-8")
    line = (sys.executable, "-m", "sandgate", "story", "run", "post", "--tier", "sandbox")
    done = subprocess.run(
        line, cwd=here.folder, env=here.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    (directory,) = (here.folder / ".sandgate" / "runs").iterdir()
    receipt = json.loads((directory / "receipt.json").read_text(encoding="utf-8"))
    assert done.returncode == 8, done.stdout + done.stderr
    assert receipt["reasons"] == ["1 resource was left behind by tests, and swept"]
    assert (receipt["tier"], receipt["upstream"]) == ("sandbox", "stand-in")
    queue = f"test-{receipt['namespace']}-parcel"
    assert receipt["leftovers"] == [{"type": "AWS::SQS::Queue", "name": f"{queue}-2", "swept": True}]
    calls = [(seen.operation, seen.status) for seen in standin.front.seen if seen.service in {"s3", "sqs"}]
    assert calls[0] == ("CreateBucket", 200)
    assert [name for name, status in calls if name.endswith("Queue") and status < 300].count("DeleteQueue") == 2
    assert not standin.root_client("sqs").list_queues(QueueNamePrefix=queue).get("QueueUrls")
    assert not [one for one in standin.root_client("s3").list_buckets()["Buckets"] if queue[:-7] in one["Name"]]
    said = (directory / "transcript.txt").read_text(encoding="utf-8")
    assert "AWS_SECRET_ACCESS_KEY=" in said
    texts = [said, done.stdout, done.stderr]
    for real in standin.front.keys:
        for hidden in (real.access_key_id, real.secret, real.token):
            assert not hidden or not any(hidden in text for text in texts)
