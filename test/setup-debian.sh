#!/usr/bin/env bash
# Installs the real servers and clients that the tests talk to. Nothing is started: each test starts its own.
set -euo pipefail

packages=(
  slapd ldap-utils      # a directory
  389-ds-base           # another one
  docker-registry       # distribution 2.8
  docker.io skopeo podman buildah
  apache2-utils         # htpasswd
  glewlwyd sqlite3      # an OpenID provider
  openssl curl jq git
  postgresql pgbouncer  # records of several brokers
  redis-server redis-sentinel # the store that brokers share
  prometheus            # promtool, which checks the alert rules
  nginx-light caddy     # proxies
  samba-ad-dc samba-ad-provision # Active Directory
  golang-docker-credential-helpers pass gnupg # a store for secrets
  chromium firefox-esr  # browsers that show the pages
  zsh fish man-db       # shells and the reader for completion and the manual page
  bsdutils              # script, which runs a program at a pseudo-terminal
  libatomic1            # what Node 26 is linked with
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi

# Without this, packages start their services on the ports the tests or the machine may need.
policy=/usr/sbin/policy-rc.d
planted=
if [ "$(id -u)" -eq 0 ] && [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  planted=yes
fi
trap '[ -z "$planted" ] || rm -f "$policy"' EXIT

"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${missing[@]}"
