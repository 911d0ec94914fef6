"""The time zones of the tzdata package, whatever the system has, and which of them somebody means."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]  # it is data and one line of code, without types
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from bot.errors import UserError
from bot.recurrence.refusals import shown

TZDATA_VERSION: str = tzdata.IANA_VERSION
# EST, HST and MST keep winter time all year, which hardly anyone who types them wants: they suggest a city instead.
_NOT_OFFERED = frozenset(("Factory", "localtime", "EST", "HST", "MST"))
_NOT_OFFERED_BELOW = ("posix/", "right/")
_MOST_LETTERS = 64
_MOST_SUGGESTED = 3
_LIKE_ENOUGH, _AS_ALIKE = 0.88, 0.02
# What people call a zone beside its city. Countries come from the package's own tables.
_OTHER_WORDS = {
    "est": "America/New_York", "edt": "America/New_York", "eastern": "America/New_York",
    "cst": "America/Chicago", "cdt": "America/Chicago", "central": "America/Chicago",
    "mst": "America/Denver", "mdt": "America/Denver", "mountain": "America/Denver",
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "hst": "Pacific/Honolulu",
    "cest": "Europe/Berlin", "mez": "Europe/Berlin", "eest": "Europe/Athens", "west": "Europe/Lisbon",
    "bst": "Europe/London", "msk": "Europe/Moscow", "ist": "Asia/Kolkata", "jst": "Asia/Tokyo", "kst": "Asia/Seoul",
    "aest": "Australia/Sydney", "aedt": "Australia/Sydney", "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland",
    "sanfrancisco": "America/Los_Angeles", "seattle": "America/Los_Angeles", "boston": "America/New_York",
    "washington": "America/New_York", "montreal": "America/Toronto", "stpetersburg": "Europe/Moscow",
    "petrograd": "Europe/Moscow", "delhi": "Asia/Kolkata", "mumbai": "Asia/Kolkata",
    "beijing": "Asia/Shanghai", "barcelona": "Europe/Madrid", "milan": "Europe/Rome", "munich": "Europe/Berlin",
    "hamburg": "Europe/Berlin", "manchester": "Europe/London", "glasgow": "Europe/London", "geneva": "Europe/Zurich",
    "rio": "America/Sao_Paulo", "riodejaneiro": "America/Sao_Paulo",
    "brazil": "America/Sao_Paulo", "russia": "Europe/Moscow", "kiev": "Europe/Kyiv", "calcutta": "Asia/Kolkata",
}  # fmt: skip
_OTHER_COUNTRIES = {
    "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "greatbritain": "GB", "unitedkingdom": "GB",
    "usa": "US", "america": "US", "holland": "NL", "czechia": "CZ", "southkorea": "KR", "korea": "KR",
}  # fmt: skip


@cache
def zone_names() -> tuple[str, ...]:
    """Return the names of all zones, sorted."""
    names = files("tzdata").joinpath("zones").read_text("utf-8").split()
    return tuple(sorted(name for name in names if name not in _NOT_OFFERED and not name.startswith(_NOT_OFFERED_BELOW)))


@cache
def _by_key() -> dict[str, str]:
    return {_key(name): name for name in zone_names()}


@cache  # of names that there are: an exception is not kept
def zone(name: str) -> ZoneInfo:
    """Return the zone of this very name; the same object each time.

    Raises:
        UserError: There is none.
    """
    if name not in zone_names():
        raise _unknown(name)
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def find_zone(text: str) -> str:
    """Return the name of the zone that was typed; only case, spaces and underscores may differ.

    Raises:
        UserError: There is none; suggests which may have been meant.
    """
    if len(text) > _MOST_LETTERS:
        raise UserError(f"That is too long for a time zone. {_EXAMPLE}")
    name = _by_key().get(_key(text)) if text.isascii() else None  # no other alphabet's letters that become ours
    if name is None:
        raise _unknown(text)
    return name


_EXAMPLE = "Write a city as in Europe/Paris or America/New_York."


def _key(text: str) -> str:
    return "".join(text.replace("_", " ").lower().split())


def _unknown(text: str) -> UserError:
    key = _key(text[:_MOST_LETTERS])
    if not shown(key):
        return UserError(f"Say which time zone. {_EXAMPLE}")
    near = [] if key[-1:].isdigit() else _suggestions(key)  # GMT+5 must not suggest Etc/GMT+5, which is the other way
    if near:
        return UserError(f"“{shown(text)}” is not the name of a time zone. Did you mean {_either(near)}?")
    if key[-1:].isdigit():
        return UserError(f"“{shown(text)}” is not the name of a time zone; an offset knows no summer time. {_EXAMPLE}")
    return UserError(f"“{shown(text)}” is not the name of a time zone. {_EXAMPLE}")


def _either(names: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _suggestions(key: str) -> list[str]:
    """Return the zones that may have been meant, likeliest first: of the city, of the country, of a like spelling."""
    cities = _cities()
    if key in _OTHER_WORDS:
        return [_OTHER_WORDS[key]]
    for known in (cities, _countries()):
        if key in known:
            return known[key][:_MOST_SUGGESTED]
    last = key.rpartition("/")[2]
    if last in cities:  # the right city in the wrong place: Germany/Berlin
        return cities[last][:_MOST_SUGGESTED]
    names = {known: [name] for known, name in _by_key().items()}
    near = _most_alike(key, names) or _most_alike(last, cities)
    return near[:_MOST_SUGGESTED]


def _most_alike(key: str, known: dict[str, list[str]]) -> list[str]:
    found = process.extract(key, known.keys(), scorer=JaroWinkler.similarity, score_cutoff=_LIKE_ENOUGH, limit=3)
    return [name for match, score, _ in found if score > found[0][1] - _AS_ALIKE for name in known[match]]


@cache
def _cities() -> dict[str, list[str]]:
    """Return zones by their last part; names that the package only keeps for old links come last."""
    current = {name for names in _by_country().values() for name in names}
    cities: dict[str, list[str]] = {}
    for name in sorted(zone_names(), key=lambda name: (name not in current, name)):
        if "/" in name:
            cities.setdefault(_key(name.rpartition("/")[2]), []).append(name)
    return cities


@cache
def _by_country() -> dict[str, list[str]]:
    """Return the zones of each country code, the most important first, as zone.tab has them."""
    zones: dict[str, list[str]] = {}
    for code, _, name in _table("zone.tab"):
        if name in zone_names():
            zones.setdefault(code, []).append(name)
    return zones


@cache
def _countries() -> dict[str, list[str]]:
    names = {_key(name): code for code, name in _table("iso3166.tab")} | _OTHER_COUNTRIES
    return {name: _by_country()[code] for name, code in names.items() if code in _by_country()}


def _table(name: str) -> list[list[str]]:
    lines = files("tzdata").joinpath("zoneinfo", name).read_text("utf-8").splitlines()
    return [line.split("\t")[:3] for line in lines if line and not line.startswith("#")]
