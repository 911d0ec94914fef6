"""Counts what happens, for Prometheus; nothing in it says anything about anybody."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.health import Report

# In seconds. Most answers take milliseconds; Discord waits three seconds for a first one.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# Steps of deliveries, and what they count as.
OUTCOMES: Mapping[str, str] = {"after record": "posted", "to be tried again": "tried again", "given up": "failed"}


@dataclass(frozen=True, slots=True)
class _Gauges:
    up: Gauge
    due: Gauge
    late: Gauge
    latest: Gauge
    writable: Gauge
    started: Gauge


class Metrics:
    """What is counted since the start."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._answers = Counter(
            "kruzhok_answers", "Answers by command and what came of it", ["command", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "kruzhok_answer_seconds", "How long answers took", ["command"], buckets=BUCKETS, registry=registry
        )
        self._errors = Counter("kruzhok_errors", "Errors in the log", registry=registry)
        self._posts = Counter("kruzhok_posts", "Tries to make a scheduled post", ["outcome"], registry=registry)
        for outcome in OUTCOMES.values():
            self._posts.labels(outcome)
        self._gauges = _Gauges(
            up=Gauge("kruzhok_platform_up", "Whether commands are answered there", ["platform"], registry=registry),
            due=Gauge("kruzhok_posts_due", "Scheduled posts that are due", registry=registry),
            late=Gauge("kruzhok_posts_late", "Scheduled posts that have been due for minutes", registry=registry),
            latest=Gauge("kruzhok_latest_post_timestamp_seconds", "When a post was last made", registry=registry),
            writable=Gauge("kruzhok_database_writable", "Whether the state can be written", registry=registry),
            started=Gauge("kruzhok_start_timestamp_seconds", "When the bot was started", registry=registry),
        )

    def count_answer(self, command: str, outcome: str, seconds: float) -> None:
        """Count an answer; a command's name is one that there is."""
        self._answers.labels(command, outcome).inc()
        self._seconds.labels(command).observe(seconds)

    def count_step(self, name: str) -> None:
        """Count a step of a delivery, if it is one with which a try ends."""
        if name in OUTCOMES:
            self._posts.labels(OUTCOMES[name]).inc()

    def count_error(self) -> None:
        """Count an error in the log."""
        self._errors.inc()

    def write(self, report: Report) -> bytes:
        """Return everything in Prometheus' text format."""
        for name, each in report.platforms.items():
            self._gauges.up.labels(name).set(each.is_connected)
        self._gauges.due.set(report.due.due)
        self._gauges.late.set(report.due.late)
        if report.latest_post:
            self._gauges.latest.set(report.latest_post.timestamp())
        self._gauges.writable.set(not report.why_not_writable)
        self._gauges.started.set(report.started.timestamp())
        return generate_latest(self._registry)


class CountingErrors(logging.Handler):
    """Counts what is logged as an error, and writes nothing."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(logging.ERROR)
        self._metrics = metrics

    def emit(self, record: logging.LogRecord) -> None:
        """Count a record."""
        self._metrics.count_error()
