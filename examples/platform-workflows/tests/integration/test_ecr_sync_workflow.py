"""ECR sync, end to end: archive, parser, ECR, and back. The first class needs no AWS, the others a tier."""

# ruff: noqa: ANN001, ANN201, ARG002, PLC0415 - the first class stands as the README shows it

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import boto3
import pytest
from scripts import ecr_sync
from scripts.build_sample_image import build
from scripts.ecr_sync import SyncError, read_back, sync_images
from scripts.image_archive import ArchiveError, find_image, reading

IMAGE = "backstage:latest"
RESPONSES = Path(__file__).parent / "fixtures" / "mock_responses"


@pytest.mark.usefixtures("images")
class TestECRSyncWorkflow:
    """Integration tests for ECR sync workflow."""

    @pytest.fixture
    def mock_ecr_client(self):
        """Mock boto3 ECR client."""
        with patch("boto3.client") as mock:
            client = MagicMock()
            mock.return_value = client
            yield client

    def test_sync_pushes_new_image(self, mock_ecr_client, tmp_path):
        """New image should be pushed to ECR."""
        from scripts.ecr_sync import sync_images

        # Setup
        mock_ecr_client.describe_images.return_value = {"imageDetails": []}

        # Execute
        result = sync_images(source="local", target="aws", image="backstage:latest")

        # Verify
        assert result.pushed == 1
        mock_ecr_client.put_image.assert_called_once()

    def test_sync_skips_existing_image(self, mock_ecr_client):
        """Existing image should be skipped."""
        from scripts.ecr_sync import sync_images

        # Setup - image already exists
        mock_ecr_client.describe_images.return_value = {"imageDetails": [{"imageDigest": "sha256:abc123"}]}

        # Execute
        result = sync_images(source="local", target="aws", image="backstage:latest")

        # Verify
        assert result.pushed == 0
        assert result.skipped == 1


class TestCannedResponses:
    """The same with answers that are held against ECR's model, and requests that a real client makes of the calls."""

    def test_the_answer_of_the_file_is_one_that_ecr_gives(self, canned_responses: Any) -> None:
        answer = canned_responses.read(RESPONSES / "ecr_describe_images.json")
        assert answer["imageDetails"][0]["imageTags"] == ["latest"]
        assert answer["imageDetails"][0]["imagePushedAt"].year == 2026

    def test_an_image_with_that_digest_is_skipped(self, canned_responses: Any, images: Path) -> None:
        ecr = canned_responses.client("ecr", RESPONSES / "ecr_describe_images.json")
        with patch("boto3.client", return_value=ecr):
            assert sync_images("local", "aws", IMAGE).skipped == 1
        assert [operation for operation, _ in canned_responses.calls] == ["DescribeImages"]
        assert canned_responses.calls[0][1] == {
            "repositoryName": "backstage",
            "imageIds": [{"imageDigest": find_image(images, IMAGE).digest}],
        }


class TestParts:
    """A layer that is larger than a part."""

    def test_parts_follow_each_other_and_are_the_layer(
        self, images: Path, mock_aws: dict[str, MagicMock], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ecr_sync, "_LEAST_PART", 1000)
        ecr = mock_aws["ecr"]
        ecr.describe_images.return_value = {"imageDetails": []}
        ecr.batch_check_layer_availability.return_value = {"layers": []}
        ecr.initiate_layer_upload.side_effect = [{"uploadId": str(number), "partSize": 999} for number in range(3)]
        assert sync_images("local", "aws", IMAGE).layers == 3

        for number, blob in enumerate(found := find_image(images, IMAGE).blobs):
            parts = [call.kwargs for call in ecr.upload_layer_part.mock_calls if call.kwargs["uploadId"] == str(number)]
            assert [part["partFirstByte"] for part in parts] == list(range(0, blob.size, 1000))
            assert [part["partLastByte"] for part in parts][-1] == blob.size - 1
            data = b"".join(part["layerPartBlob"] for part in parts)
            assert f"sha256:{hashlib.sha256(data).hexdigest()}" == blob.digest
        assert len(found) == ecr.complete_layer_upload.call_count == 3


class TestRegistry:
    """Against the registry of the tier."""

    def test_a_new_image_lands_and_is_read_back(self, images: Path, repository: str) -> None:
        result = sync_images("local", "aws", IMAGE, repository=repository)
        assert (result.pushed, result.skipped, result.layers) == (1, 0, 3)
        assert read_back(IMAGE, repository=repository) == 3

        details = boto3.client("ecr").describe_images(repositoryName=repository)["imageDetails"]
        assert [(one["imageDigest"], one["imageTags"]) for one in details] == [
            (find_image(images, IMAGE).digest, ["latest"])
        ]

    def test_what_is_there_by_digest_is_skipped(self, images: Path, repository: str) -> None:
        sync_images("local", "aws", IMAGE, repository=repository)
        again = sync_images("local", "aws", IMAGE, repository=repository)
        assert (again.pushed, again.skipped, again.layers) == (0, 1, 0)

    def test_another_image_shares_layers_and_takes_the_tag(self, images: Path, repository: str) -> None:
        sync_images("local", "aws", IMAGE, repository=repository)
        before = find_image(images, IMAGE)
        (images / "sample-image.tar").write_bytes(build(greeting="another"))
        with pytest.raises(SyncError, match="another image"):
            read_back(IMAGE, repository=repository)

        result = sync_images("local", "aws", IMAGE, repository=repository)
        assert (result.pushed, result.layers) == (1, 2)  # the first layer is the same
        assert read_back(IMAGE, repository=repository) == 3

        # The first one again: it is there by digest, and only the tag has to move.
        (images / "sample-image.tar").write_bytes(build())
        back = sync_images("local", "aws", IMAGE, repository=repository)
        assert (back.pushed, back.skipped) == (0, 1)
        assert read_back(IMAGE, repository=repository) == len(before.blobs)

    def test_a_repository_that_is_not_there(self, images: Path, isolated_namespace: str) -> None:
        with pytest.raises(
            SyncError, match=f"{isolated_namespace}/nowhere: RepositoryNotFoundException.*make it first"
        ):
            sync_images("local", "aws", IMAGE, repository=f"{isolated_namespace}/nowhere")

    def test_the_command_line(self, images: Path, repository: str, capsys: pytest.CaptureFixture[str]) -> None:
        request = images / "images.yaml"
        request.write_text(
            "id: IMG-0001\nowner: team-platform\n"
            f"spec:\n  folder: .\n  images:\n    - {{image: '{IMAGE}', repository: {repository}}}\n"
        )
        assert ecr_sync.main(["--request", str(request), "--dry-run"]) == 0
        assert "3 blobs" in capsys.readouterr().out
        assert ecr_sync.main(["--request", str(request)]) == 0
        assert capsys.readouterr().out == f"{IMAGE} -> {repository}: pushed; 3 uploaded, 3 read back\n"
        assert ecr_sync.main(["--request", str(request)]) == 0
        assert "skipped; 0 uploaded, 3 read back" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
class TestSkopeo:
    """Somebody else's eyes: a client that has never heard of our tool, by the registry protocol."""

    @pytest.fixture
    def skopeo(self) -> Callable[..., str]:
        """Run skopeo on a place in the registry, which says itself where it is and how one logs in."""
        (granted,) = boto3.client("ecr").get_authorization_token()["authorizationData"]
        scheme, _, host = granted["proxyEndpoint"].partition("://")
        creds = base64.b64decode(granted["authorizationToken"]).decode()

        def run(command: str, place: str, *more: str) -> str:
            side = "src-" if command == "copy" else ""
            options = [f"--{side}creds={creds}", f"--{side}tls-verify={'true' if scheme == 'https' else 'false'}"]
            line = ["skopeo", "--insecure-policy", command, *options, f"docker://{host}/{place}", *more]
            done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)
            assert done.returncode == 0, done.stderr
            return done.stdout

        return run

    def test_pulls_what_we_pushed(
        self, images: Path, repository: str, skopeo: Callable[..., str], tmp_path: Path
    ) -> None:
        sync_images("local", "aws", IMAGE, repository=repository)
        found = find_image(images, IMAGE)
        assert skopeo("inspect", f"{repository}:latest", "--raw") == found.manifest

        skopeo("copy", f"{repository}@{found.digest}", f"dir:{tmp_path / 'pulled'}")
        for blob in found.blobs:
            data = (tmp_path / "pulled" / blob.digest.removeprefix("sha256:")).read_bytes()
            with reading(found, blob) as file:
                assert data == file.read()


class TestBadArchives:
    """Nobody is called when the archive is no good."""

    @pytest.fixture(autouse=True)
    def _nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_service: str) -> None:
            raise AssertionError("somebody was called")

        monkeypatch.setattr(ecr_sync.boto3, "client", refuse)

    def _refused(self) -> str:
        with pytest.raises(ArchiveError) as caught:
            sync_images("local", "aws", IMAGE)
        return str(caught.value)

    def test_a_flipped_byte(self, images: Path) -> None:
        path = images / "sample-image.tar"
        data = bytearray(path.read_bytes())
        data[data.index(b"<h1>")] = ord("[")
        path.write_bytes(data)
        assert "is damaged" in self._refused()

    def test_one_that_ends_too_early(self, images: Path) -> None:
        path = images / "sample-image.tar"
        path.write_bytes(path.read_bytes()[:3000])
        assert "sample-image.tar" in self._refused()

    def test_one_that_is_none(self, images: Path) -> None:
        (images / "sample-image.tar").write_bytes(b"not a tar at all" * 100)
        assert "no tar archive" in self._refused()

    def test_a_tar_without_an_image(self, images: Path) -> None:
        with tarfile.open(images / "sample-image.tar", "w"):
            pass
        assert "no image archive" in self._refused()

    def test_a_missing_layer(self, images: Path, tmp_path: Path) -> None:
        source, target = images / "sample-image.tar", tmp_path / "without.tar"
        with tarfile.open(source) as whole, tarfile.open(target, "w") as part:
            for member in whole.getmembers()[:-1]:
                part.addfile(member, whole.extractfile(member))
        target.replace(source)
        assert "is missing" in self._refused()

    def test_another_name(self, images: Path) -> None:
        with pytest.raises(ArchiveError, match=r"no archive \(\*.tar\) holds an image backstage:v2"):
            sync_images("local", "aws", "backstage:v2")

    def test_a_request_is_carried_out_whole_or_not_begun(
        self, images: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The first of its images is there; the second is not, and that is found before the first goes out."""
        request = images / "images.yaml"
        request.write_text(
            "id: IMG-0001\nowner: team-platform\n"
            f"spec:\n  folder: .\n  images:\n    - {{image: '{IMAGE}'}}\n    - {{image: 'backstage:v2'}}\n"
        )
        assert ecr_sync.main(["--request", str(request)]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert "holds an image backstage:v2" in said.err

    @pytest.mark.parametrize(("source", "target"), [("aws", "aws"), ("local", "gcp"), ("", "")])
    def test_another_direction(self, images: Path, source: str, target: str) -> None:
        with pytest.raises(SyncError, match="from local to aws"):
            sync_images(source, target, IMAGE)
