"""What a Java virtual machine is told, and that the user's own options stay."""

from __future__ import annotations

import pytest

from sandgate.core.java import option_lines, with_options, without_options

OURS = "/run/main-0.sandgate.vmoptions"


def test_the_file_names_proxy_and_trust_store() -> None:
    lines = option_lines("http://gw0:s3cret@127.0.0.1:4001", ["127.0.0.1", "localhost"], "/run/ca.p12").splitlines()
    assert lines == [
        "-Dhttps.proxyHost=127.0.0.1",
        "-Dhttps.proxyPort=4001",
        "-Dhttps.proxyUser=gw0",
        "-Dhttps.proxyPassword=s3cret",
        "-Dhttp.nonProxyHosts=127.0.0.1|localhost",
        "-Djdk.http.auth.tunneling.disabledSchemes=",
        "-Djavax.net.ssl.trustStore=/run/ca.p12",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
    ]


@pytest.mark.parametrize(
    ("entry", "hosts"),
    [
        ("corp.example", "corp.example|*.corp.example"),
        (".corp.example:443", "corp.example|*.corp.example"),
        ("*.corp.example", "corp.example|*.corp.example"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.0.0.0/8", ""),
        ("", ""),
    ],
)
def test_exceptions_are_written_as_java_does(entry: str, hosts: str) -> None:
    assert f"-Dhttp.nonProxyHosts={hosts}\n" in option_lines("http://w:s@127.0.0.1:1", [entry, entry], "t")


def test_a_folder_with_spaces_and_quotes_survives() -> None:
    assert '"-Djavax.net.ssl.trustStore=/my run/it\'s"\'"\'""\n' in option_lines(
        "http://w:s@127.0.0.1:1", [], "/my run/it's\""
    )


@pytest.mark.parametrize(
    "theirs", ["", "-Xmx64m", "-Da='x y' -Db=\"it's\"", "-XX:VMOptionsFile=/mine.vmoptions", "-Da='x"]
)
def test_the_users_own_stay_and_come_back(theirs: str) -> None:
    seen = with_options(theirs, OURS)
    assert seen == f"{theirs} -XX:VMOptionsFile={OURS}".lstrip()
    assert without_options(seen) == theirs


@pytest.mark.parametrize("folder", ["/run", "/my run", '/it\'s "mine"'])
def test_the_file_of_another_run_gives_way(folder: str) -> None:
    before = with_options("-Xmx64m", f"{folder}/main-1.sandgate.vmoptions")
    assert before != "-Xmx64m"
    assert with_options(f"{before} -Xss1m", OURS).split() == ["-Xmx64m", "-Xss1m", f"-XX:VMOptionsFile={OURS}"]


def test_a_proxy_of_the_users_does_not_lead_around_the_gate() -> None:
    """Of a property that is named twice, the last one counts."""
    assert with_options("-Dhttps.proxyHost=corp", OURS).endswith(f" -XX:VMOptionsFile={OURS}")
