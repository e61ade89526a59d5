"""When it runs: Prefect flows, one a file. Telemetry of Prefect and DVC is off unless asked for."""

import os

for _name, _value in (
    ("DO_NOT_TRACK", "1"),
    ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
    ("DVC_NO_ANALYTICS", "1"),
    # a temporary server migrates its database first: more than the default 20 s on a busy core
    ("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180"),
):
    os.environ.setdefault(_name, _value)
