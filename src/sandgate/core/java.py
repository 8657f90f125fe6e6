"""How a Java virtual machine is told of the gate: options in a file, since it prints the variable that names them.

Sources: "The java Command" (-XX:VMOptionsFile, JDK 9), "JVM Tool Interface" (JAVA_TOOL_OPTIONS and its quotes),
"Java Networking and Proxies" (https.proxyHost and its like), JDK 8u111 release notes (disabledSchemes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from urllib.parse import urlsplit

__all__ = ["JAVA_OPTIONS", "SUFFIX", "TRUST_STORE", "option_lines", "with_options", "without_options"]

JAVA_OPTIONS = "JAVA_TOOL_OPTIONS"
"""Variable that every Java virtual machine reads, and prints."""
TRUST_STORE = "ca-bundle.p12"
"""In a run's folder: what `ca-bundle.pem` there holds, as Java reads it; it needs no password."""
SUFFIX = ".sandgate.vmoptions"
"""Of the files that `with_options` names; by it one of any run is known."""
_FILE = "-XX:VMOptionsFile="
_ITEM = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_NETWORK = "/"


def option_lines(proxy_url: str, exceptions: Iterable[str], trust_store: str) -> str:
    """What stands in the file.

    Args:
        proxy_url: the gate as an HTTPS proxy, with worker and secret.
        exceptions: entries of `NO_PROXY`.
        trust_store: path of the run's.
    """
    url = urlsplit(proxy_url)
    options = {
        "https.proxyHost": url.hostname,
        "https.proxyPort": url.port,
        "https.proxyUser": url.username,
        "https.proxyPassword": url.password,
        "http.nonProxyHosts": "|".join(dict.fromkeys(_patterns(exceptions))),
        # Empty: as it comes, Java sends no password for a tunnel.
        "jdk.http.auth.tunneling.disabledSchemes": "",
        "javax.net.ssl.trustStore": trust_store,
        "javax.net.ssl.trustStoreType": "PKCS12",
    }
    return "".join(f"{_quoted(f'-D{name}={value}')}\n" for name, value in options.items())


def _patterns(exceptions: Iterable[str]) -> Iterator[str]:
    """Hosts as Java writes them; a name counts for what is below it, as clients read `NO_PROXY`."""
    for entry in exceptions:
        name = entry.lstrip("*").lstrip(".").partition(":")[0]
        if not name or _NETWORK in name:  # of networks Java has no notion, and port 443 is the one that counts
            continue
        yield name
        if not name.replace(".", "").isdigit() and name != "localhost":
            yield f"*.{name}"


def with_options(value: str, path: str) -> str:
    """The user's own options, and ours behind them, so that a proxy in theirs does not lead around the gate.

    Args:
        value: of the variable.
        path: of our file.
    """
    return f"{without_options(value)} {_quoted(_FILE + path)}".lstrip()


def without_options(value: str) -> str:
    """What is the user's own in the variable: a virtual machine takes one such file only, of whatever run."""
    return _ITEM.sub(lambda found: "" if _is_ours(found[0]) else found[0], value).strip()


def _is_ours(item: str) -> bool:
    plain = re.sub(r"""["']""", "", item)
    return plain.startswith(_FILE) and PurePath(plain).name.endswith(SUFFIX)


def _quoted(option: str) -> str:
    """Between quotes, in which nothing is escaped, where it needs them."""
    if not re.search(r"""[\s"']""", option):
        return option
    return "'\"'".join(f'"{piece}"' for piece in option.split('"'))
