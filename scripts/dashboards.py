"""Grafana's dashboard of the platform, as code."""

from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard as boards
from grafana_foundation_sdk.builders import prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
WIDTH, HEIGHT = 8, 8
RATE = "[$__rate_interval]"


@dataclass(frozen=True)
class Panel:
    """`queries` by their legend; `unit` is Grafana's."""

    title: str
    unit: str
    queries: dict[str, str]


def quantiles(metric: str, by: str = "") -> dict[str, str]:
    group = f"le, {by}" if by else "le"
    return {
        f"p{share} {{{{{by}}}}}" if by else f"p{share}": (
            f"histogram_quantile(0.{share}, sum by ({group}) (rate({metric}_bucket{RATE})))"
        )
        for share in (50, 95, 99)
    }


ROWS: dict[str, tuple[Panel, ...]] = {
    "Requests": (
        Panel(
            "Request rate", "reqps", {"{{method}}": f"sum by (method) (rate(nexus_http_request_seconds_count{RATE}))"}
        ),
        Panel(
            "Errors",
            "reqps",
            {"{{status}}": f'sum by (status) (rate(nexus_http_request_seconds_count{{status=~"5.."}}{RATE}))'},
        ),
        Panel("Latency", "s", quantiles("nexus_http_request_seconds")),
    ),
    "Messages": (
        Panel("Consumer lag", "short", {"{{topic}} {{group}}": "sum by (topic, group) (nexus_consumer_lag_records)"}),
        Panel(
            "Consumed",
            "cps",
            {"{{group}} {{outcome}}": f"sum by (group, outcome) (rate(nexus_messages_consumed_total{RATE}))"},
        ),
        Panel("Handling", "s", quantiles("nexus_message_handling_seconds", "group")),
        Panel("Outbox, aggregates", "short", {"{{component}}": "sum by (component) (nexus_outbox_pending)"}),
        Panel("Outbox, oldest", "s", {"{{component}}": "max by (component) (nexus_outbox_oldest_seconds)"}),
        Panel(
            "Dead letters",
            "short",
            {"{{topic}} {{code}}": "sum by (topic, code) (increase(nexus_messages_dead_lettered_total[1h]))"},
        ),
        Panel(
            "Halted and stalled partitions",
            "short",
            {
                "halted {{topic}}": "sum by (topic) (nexus_halted_partitions)",
                "stalled {{topic}}": "sum by (topic) (nexus_stalled_partitions)",
            },
        ),
        Panel("Reports refused", "cps", {"{{code}}": f"sum by (code) (rate(nexus_reports_refused_total{RATE}))"}),
        Panel("Commands", "cps", {"{{type}} {{status}}": f"sum by (type, status) (rate(nexus_commands_total{RATE}))"}),
    ),
    "Work": (
        Panel("Builds, invocations, deployments at work", "short", {"{{kind}}": "sum by (kind) (nexus_work_running)"}),
        Panel("Waiting for a place", "short", {"{{kind}}": "sum by (kind) (nexus_work_waiting)"}),
        Panel("Ended", "cps", {"{{kind}}": f"sum by (kind) (rate(nexus_work_ended_total{RATE}))"}),
        Panel(
            "Interrupted and adopted",
            "short",
            {
                "interrupted {{kind}}": "sum by (kind) (increase(nexus_work_interrupted_total[1h]))",
                "adopted {{kind}}": "sum by (kind) (increase(nexus_work_adopted_total[1h]))",
            },
        ),
        Panel("Database calls", "s", quantiles("nexus_database_seconds", "operation")),
        Panel("Tokens", "short", {"{{by}} {{direction}}": "sum by (by, direction) (increase(nexus_tokens_total[1h]))"}),
        Panel("Cost", "currencyUSD", {"{{by}}": "sum by (by) (increase(nexus_cost_usd_total[1h]))"}),
        Panel("Open streams", "short", {"streams": "sum(nexus_event_streams)"}),
    ),
}


def _panel(panel: Panel) -> Any:
    built = timeseries.Panel().title(panel.title).unit(panel.unit).datasource(SOURCE).span(WIDTH).height(HEIGHT)
    for legend, expression in panel.queries.items():
        built = built.with_target(prometheus.Dataquery().expr(expression).legend_format(legend))
    return built


def expressions() -> list[str]:
    """All that the dashboard asks Prometheus."""
    return [query for row in ROWS.values() for panel in row for query in panel.queries.values()]


def dashboard_text() -> str:
    board = (
        boards.Dashboard("Nexus-AI Platform").uid("nexus-ai").tags(["nexus-ai"]).refresh("30s").time("now-1h", "now")
    )
    for title, panels in ROWS.items():
        board = board.with_row(boards.Row(title))
        for panel in panels:
            board = board.with_panel(_panel(panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"
