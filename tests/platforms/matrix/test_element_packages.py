"""What the client in Node is made of: locked like all else that the tests install."""

import json

from tests.platforms.matrix.element import LOCK, SOURCES


def test_every_package_is_pinned_and_hashed_and_names_no_host() -> None:
    text = (SOURCES / LOCK).read_text("utf-8")
    assert "://" not in text
    _, *packages = json.loads(text)["packages"].values()
    assert len(packages) > 10
    for package in packages:
        assert package["version"][0].isdigit()
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
