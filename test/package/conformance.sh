#!/usr/bin/env bash
# Runs the conformance suite against a broker that is started as the README says, with the sample configuration.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p build
set -m
npm start > build/conformance-broker.log 2>&1 &
broker=$!
# The group: npm starts a shell, and the shell the broker.
trap 'kill -- -"$broker"' EXIT
set +m

for _ in $(seq 200); do
  curl --silent --fail --output /dev/null http://localhost:5001/readyz && break
  sleep 0.3
done
report=build/conformance-report.txt
npm run --silent conformance -- http://localhost:5001/token --server config/conformance.yaml --fail-on should > "$report" || {
  cat "$report" >&2
  exit 1
}
echo "The sample configuration conforms; the report is $report."
