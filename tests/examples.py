"""How many examples a property is tried with: a quarter of them in the quick run, all of them in the extended one."""

from hypothesis import HealthCheck, settings

ALL = 100  # percent; it is also how many examples Hypothesis tries by itself
QUICK = 25
_FEWEST = 15


def examples(number: int = ALL, *suppressed: HealthCheck) -> settings:
    """Try so many examples in the extended run, which has every property too, and a share of them in the quick one.

    Whatever asks for no number of its own gets Hypothesis' hundred, by the profile that tests/conftest.py chooses.
    """
    percent = settings.get_profile(settings.get_current_profile_name()).max_examples
    share = max(_FEWEST, number * percent // ALL)
    return settings(deadline=None, max_examples=min(number, share), suppress_health_check=suppressed)
