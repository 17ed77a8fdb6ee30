#!/usr/bin/env bash
# The platform on this host, without containers: deploy.sh start | stop | restart | reload | status | logs.
# Settings come from .env and the environment (.env.example); docs/DEPLOYMENT.md says more.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
usage: scripts/deploy.sh start [--foreground] | stop | restart | reload | status | logs [--no-follow] [--lines N]

  start    check this machine, install what is missing, start everything, wait until it is ready
  stop     stop in order; what is in flight is finished
  restart  stop and start: for changed settings, and a new release of what runs the services
  reload   replace the services one by one, with the code that is installed now; requests are answered meanwhile
  status   what is ready; exit status 0: all of it, 1: not all, 3: the platform is not running
  logs     follow the log; a new file begins every 10 MB, five are kept

ENVIRONMENT=development starts a service again when its code changes;
ENVIRONMENT=production runs several gateways (GATEWAY_PROCESSES).
TEXT
}

case ${1:-} in
  start | restart | reload) scripts/install run ;;
  stop | status | logs)
    [[ -x .venv/bin/python ]] || { echo "error: nothing is installed here; scripts/deploy.sh start does it" >&2; exit 1; }
    ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
exec .venv/bin/python -m nexus_devstack.deploy "$@"
