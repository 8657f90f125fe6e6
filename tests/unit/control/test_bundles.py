"""What is written into a run's folder for its children."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from sandgate.control.bundles import bundles, java_options, remove_bundles


def test_the_secret_is_in_a_file_of_the_owner_s(tmp_path: Path) -> None:
    path = Path(java_options({"NO_PROXY": "corp"}, tmp_path, "gw1", "http://gw1:s3cret@127.0.0.1:4001"))
    assert (path.parent, stat.S_IMODE(path.stat().st_mode)) == (tmp_path, 0o600)
    lines = path.read_text().splitlines()
    assert {"-Dhttps.proxyUser=gw1", "-Dhttps.proxyPassword=s3cret"} < set(lines)
    assert "-Dhttp.nonProxyHosts=corp|*.corp|127.0.0.1|localhost" in lines
    assert f"-Djavax.net.ssl.trustStore={tmp_path / 'ca-bundle.p12'}" in lines


def test_it_is_written_anew_only_where_it_differs(tmp_path: Path) -> None:
    first, again, other, new = (
        (path, Path(path).stat().st_ino, Path(path).read_text())
        for path in (
            java_options(environ, tmp_path, "main", f"http://main:{secret}@127.0.0.1:4001")
            for environ, secret in (({}, "a"), ({}, "a"), ({"NO_PROXY": "corp"}, "a"), ({}, "b"))
        )
    )
    assert again == first
    assert other[0] != first[0]
    assert (new[0], "proxyPassword=b" in new[2]) == (first[0], True)


def test_a_users_own_bundle_counts_whatever_it_is_called(tmp_path: Path) -> None:
    """Only what lies in a run's folder is a run's own."""
    run, corp, left = (tmp_path / name for name in ("run", "corp", "left"))
    for folder, text in ((run, "the run's"), (corp, "the company's"), (left, "a left run's")):
        folder.mkdir()
        (folder / "ca.pem").write_text(f"-----BEGIN CERTIFICATE-----\n{text}\n")
    (left / "events.jsonl").touch()
    seen = bundles({"SSL_CERT_FILE": str(corp / "ca.pem"), "CURL_CA_BUNDLE": str(left / "ca.pem")}, run)
    assert (corp / "ca.pem").read_text() in Path(seen["SSL_CERT_FILE"]).read_text()
    assert seen["CURL_CA_BUNDLE"] == str(run / "ca-bundle.pem")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Of a run, with the files of its gate."""
    made = tmp_path / "run"
    made.mkdir()
    for name in ("ca.pem", "ca-bundle.pem", "ca-bundle.p12", "events.jsonl", "main-0.sandgate.vmoptions"):
        (made / name).write_text(name)
    return made


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """What the user trusts."""
    path = tmp_path / "corp.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nof the company\n-----END CERTIFICATE-----\n")
    return path


def test_a_child_of_a_child_trusts_the_company_too(directory: Path, company: Path) -> None:
    first = bundles({"AWS_CA_BUNDLE": str(company)}, directory)
    assert Path(first["AWS_CA_BUNDLE"]).read_text() == f"{company.read_text()}ca.pem"
    assert first["SSL_CERT_FILE"] == str(directory / "ca-bundle.pem")
    assert bundles(first, directory) == first


def test_in_the_midst_of_another_run_the_user_s_own_counts(directory: Path, company: Path, tmp_path: Path) -> None:
    gone = {"CURL_CA_BUNDLE": str(tmp_path / "other" / "ca-bundle-1.pem"), "SSL_CERT_FILE": str(tmp_path / "other")}
    before = json.dumps({"CURL_CA_BUNDLE": str(company), "SSL_CERT_FILE": None})
    found = bundles({**gone, "SANDGATE_OUTSIDE": before}, directory)
    assert Path(found["CURL_CA_BUNDLE"]).read_text() == f"{company.read_text()}ca.pem"
    assert found["SSL_CERT_FILE"] == str(directory / "ca-bundle.pem")


def test_certificates_of_a_run_that_has_ended_go(directory: Path, company: Path) -> None:
    bundles({"CURL_CA_BUNDLE": str(company)}, directory)
    remove_bundles(directory)
    remove_bundles(directory)
    assert {path.name for path in directory.iterdir()} == {"events.jsonl", "main-0.sandgate.vmoptions"}


def test_a_run_in_a_folder_whose_name_is_no_utf_8(tmp_path: Path) -> None:
    run = tmp_path / os.fsdecode(b"n\xff")
    run.mkdir()
    paths = [Path(java_options({}, run, "main", "http://main:a@127.0.0.1:4001")) for _again in range(2)]
    assert os.fsencode(f"-Djavax.net.ssl.trustStore={run / 'ca-bundle.p12'}") in paths[0].read_bytes().splitlines()
    assert paths[1:] == paths[:1]
