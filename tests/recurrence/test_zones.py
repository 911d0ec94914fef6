"""Time zones: the package's own, found by their names only, and suggested by much else."""

from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.recurrence.zones import TZDATA_VERSION, find_zone, zone, zone_names
from tests.examples import examples


def test_the_zones_are_those_of_the_package() -> None:
    newest = files("tzdata").joinpath("zoneinfo", "tzdata.zi").read_text("utf-8").splitlines()[0]
    assert newest == f"# version {TZDATA_VERSION}"
    assert len(zone_names()) > 500
    assert list(zone_names()) == sorted(set(zone_names()))
    assert not {"Factory", "localtime", "EST", "posixrules"} & set(zone_names())
    for name in zone_names():
        with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
            ours = ZoneInfo.from_file(file, key=name)
        for month in range(1, 13):
            moment = datetime(2025, month, 15, tzinfo=UTC)
            assert moment.astimezone(zone(name)).utcoffset() == moment.astimezone(ours).utcoffset()


def test_every_name_is_found_and_loaded_once() -> None:
    for name in zone_names():
        assert find_zone(name) == find_zone(name.upper()) == find_zone(f" {name.lower().replace('_', ' ')} ") == name
        assert zone(name) is zone(name)
        assert zone(name).key == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("europe/paris", "Europe/Paris"), ("Europe/ Paris", "Europe/Paris"), ("America/new york", "America/New_York"),
        ("AMERICA/NEW_YORK", "America/New_York"), ("utc", "UTC"), ("etc/gmt+5", "Etc/GMT+5"),
        ("america/portauprince", None), ("Europe\\Paris", None), ("Europe", None), ("Europe/", None),
    ],
)  # fmt: skip
def test_only_case_spaces_and_underscores_may_differ(typed: str, name: str | None) -> None:
    if name:
        assert find_zone(typed) == name
    else:
        with pytest.raises(UserError):
            find_zone(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Paris", "Did you mean Europe/Paris?"), ("new york", "Did you mean America/New_York?"),
        ("Europe/Pariss", "Did you mean Europe/Paris?"), ("Parsi", "Did you mean Europe/Paris?"),
        ("Amrica/New_York", "America/New_York"), ("Germany/Berlin", "Did you mean Europe/Berlin?"),
        ("Europa/Paris", "Europe/Paris"), ("Zürich", "Europe/Zurich"), ("Kiev", "Europe/Kyiv"),
        ("France", "Did you mean Europe/Paris?"), ("UK", "Did you mean Europe/London?"), ("usa", "America/New_York"),
        ("EST", "America/New_York"), ("cest", "Europe/Berlin"), ("europe/\N{KELVIN SIGN}yiv", "Europe/Kyiv"),
        ("+02:00", "knows no summer time"), ("GMT+5", "knows no summer time"), ("UTC+2", "knows no summer time"),
    ],
)  # fmt: skip
def test_what_is_not_a_name_is_refused_with_what_may_have_been_meant(typed: str, meant: str) -> None:
    with pytest.raises(UserError) as refused:
        find_zone(typed)
    assert meant in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "\0", "Europe/Paris\0", "../../etc/passwd", "/etc/localtime", "Europe/../Europe/Paris", "zone.tab",
        "__init__.py", "\ud800", "\N{RIGHT-TO-LEFT OVERRIDE}Europe/Paris", "posix/Europe/Paris", "x" * 1_000_000,
        "Factory",
    ],
    ids=lambda typed: ascii(typed[:30]),
)  # fmt: skip
def test_nothing_but_a_name_reaches_the_files(typed: str) -> None:
    for refuses in (find_zone, zone):
        with pytest.raises(UserError) as refused:
            refuses(typed)
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) < 250


@examples(200)
@given(st.text(max_size=70))
def test_any_text_is_a_name_or_refused(typed: str) -> None:
    try:
        assert find_zone(typed) in zone_names()
    except UserError as error:
        assert str(error).isprintable()  # noqa: PT017 - refusing is one of two right answers
