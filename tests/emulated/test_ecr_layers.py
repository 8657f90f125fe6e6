"""Layers that come by the ECR API: kept, checked, and there for the registry protocol, as on AWS."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

LAYER = b"a layer" * 1000
OCI = "application/vnd.oci.image.manifest.v1+json"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def ecr(clients: Callable[[str], Any]) -> Any:
    return clients("ecr")


@pytest.fixture(scope="module")
def repository(ecr: Any) -> str:
    ecr.create_repository(repositoryName="test-layers")
    return "test-layers"


@pytest.fixture
def begun(ecr: Any, repository: str) -> dict[str, str]:
    """An upload without a part."""
    return {"repositoryName": repository, "uploadId": ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]}


def send(ecr: Any, begun: dict[str, str], data: bytes, first: int = 0) -> int:
    last = first + len(data) - 1
    answer = ecr.upload_layer_part(**begun, partFirstByte=first, partLastByte=last, layerPartBlob=data)
    return int(answer["lastByteReceived"])


def test_what_came_in_parts_is_there_whole(ecr: Any, repository: str, begun: dict[str, str]) -> None:
    digest = digest_of(LAYER)
    (before,) = ecr.batch_check_layer_availability(repositoryName=repository, layerDigests=[digest])["layers"]
    assert before["layerAvailability"] == "UNAVAILABLE"
    assert code_of(ecr.get_download_url_for_layer, repositoryName=repository, layerDigest=digest) == (
        "LayersNotFoundException"
    )

    assert send(ecr, begun, LAYER[:5000]) == 4999
    assert send(ecr, begun, LAYER[5000:], 5000) == len(LAYER) - 1
    assert ecr.complete_layer_upload(**begun, layerDigests=[digest])["layerDigest"] == digest
    (after,) = ecr.batch_check_layer_availability(repositoryName=repository, layerDigests=[digest])["layers"]
    assert (after["layerAvailability"], after["layerSize"]) == ("AVAILABLE", len(LAYER))
    url = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=digest)["downloadUrl"]
    with urllib.request.urlopen(url, timeout=10) as response:
        assert response.read() == LAYER

    manifest = json.dumps({"schemaVersion": 2, "mediaType": OCI, "layers": [{"digest": digest, "size": len(LAYER)}]})
    ecr.put_image(repositoryName=repository, imageManifest=manifest, imageManifestMediaType=OCI, imageTag="one")
    host = url.partition("/v2/")[0]
    (granted,) = ecr.get_authorization_token()["authorizationData"]
    assert granted["proxyEndpoint"] == host
    headers = {"Authorization": f"Basic {granted['authorizationToken']}"}
    for reference in ("one", digest_of(manifest.encode())):
        asked = urllib.request.Request(f"{host}/v2/{repository}/manifests/{reference}", headers=headers)
        with urllib.request.urlopen(asked, timeout=10) as response:
            assert response.read().decode() == manifest
            assert response.headers["Docker-Content-Digest"] == digest_of(manifest.encode())

    again = {**begun, "uploadId": ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]}
    send(ecr, again, LAYER)
    assert code_of(ecr.complete_layer_upload, **again, layerDigests=[digest]) == "LayerAlreadyExistsException"


@pytest.mark.parametrize(("first", "last"), [(1, 4), (0, 4), (3, 6)])
def test_a_part_that_does_not_follow_is_refused(ecr: Any, begun: dict[str, str], first: int, last: int) -> None:
    part = {"partFirstByte": first, "partLastByte": last, "layerPartBlob": b"four"}
    assert code_of(ecr.upload_layer_part, **begun, **part) == "InvalidLayerPartException"


def test_another_digest_is_refused(ecr: Any, begun: dict[str, str]) -> None:
    assert code_of(ecr.complete_layer_upload, **begun, layerDigests=[digest_of(b"")]) == "EmptyUploadException"
    send(ecr, begun, b"something")
    other = digest_of(b"something else")
    assert code_of(ecr.complete_layer_upload, **begun, layerDigests=[other]) == "InvalidLayerException"


def test_what_is_not_there_is_said(ecr: Any, repository: str, begun: dict[str, str]) -> None:
    unknown = {**begun, "uploadId": "00000000-0000-0000-0000-000000000000"}
    assert code_of(ecr.complete_layer_upload, **unknown, layerDigests=[digest_of(b"")]) == "UploadNotFoundException"
    assert code_of(ecr.initiate_layer_upload, repositoryName="test-nowhere") == "RepositoryNotFoundException"
    manifest = json.dumps({"schemaVersion": 2, "layers": [{"digest": digest_of(b"absent"), "size": 6}]})
    put = {"repositoryName": repository, "imageManifest": manifest, "imageTag": "two"}
    assert code_of(ecr.put_image, **put) == "LayersNotFoundException"
    assert code_of(ecr.put_image, **put, imageDigest=digest_of(b"other")) == "ImageDigestDoesNotMatchException"


def test_the_next_repository_of_that_name_is_empty(ecr: Any) -> None:
    name, digest = "test-layers-again", digest_of(LAYER)
    for _ in range(2):
        ecr.create_repository(repositoryName=name)
        (layer,) = ecr.batch_check_layer_availability(repositoryName=name, layerDigests=[digest])["layers"]
        assert layer["layerAvailability"] == "UNAVAILABLE"
        begun = {"repositoryName": name, "uploadId": ecr.initiate_layer_upload(repositoryName=name)["uploadId"]}
        send(ecr, begun, LAYER)
        ecr.complete_layer_upload(**begun, layerDigests=[digest])
        ecr.delete_repository(repositoryName=name, force=True)


def test_a_link_is_good_for_its_layer_only(ecr: Any, repository: str) -> None:
    """As on AWS, where it leads to a bucket; whatever else is asked for needs a token."""
    digest, other = digest_of(b"linked"), digest_of(b"other")
    for data in (b"linked", b"other"):
        begun = {
            "repositoryName": repository,
            "uploadId": ecr.initiate_layer_upload(repositoryName=repository)["uploadId"],
        }
        send(ecr, begun, data)
        ecr.complete_layer_upload(**begun, layerDigests=[digest_of(data)])
    url = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=digest)["downloadUrl"]
    with urllib.request.urlopen(url, timeout=10) as response:
        assert response.read() == b"linked"
    for wrong in (url.replace(digest, other), url[:-1] + ("0" if url[-1] != "0" else "1"), url.partition("?")[0]):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(wrong, timeout=10)
        with caught.value as answer:
            assert (answer.code, json.load(answer)["errors"][0]["code"]) == (401, "UNAUTHORIZED")


def test_an_image_whose_layers_are_not_there_is_not_taken_by_the_other_protocol_either(
    ecr: Any, repository: str
) -> None:
    (granted,) = ecr.get_authorization_token()["authorizationData"]
    layers = [{"digest": digest_of(b"absent"), "size": 6}]
    manifest = json.dumps({"schemaVersion": 2, "mediaType": OCI, "layers": layers}).encode()
    headers = {"Authorization": f"Basic {granted['authorizationToken']}", "Content-Type": OCI}
    url = f"{granted['proxyEndpoint']}/v2/{repository}/manifests/three"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(url, manifest, headers, method="PUT"), timeout=10)
    with caught.value as answer:
        assert (answer.code, json.load(answer)["errors"][0]["code"]) == (404, "MANIFEST_BLOB_UNKNOWN")
    assert ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "three"}])["images"] == []
