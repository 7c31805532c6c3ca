#!/bin/sh
# Loads the users on the first start, then runs the directory in the foreground.
set -eu
if [ ! -e /var/lib/ldap/data.mdb ]; then
  slapadd -q -f /etc/try/slapd.conf -l /etc/try/people.ldif
fi
exec slapd -d stats -f /etc/try/slapd.conf -h ldap://0.0.0.0:3890
