#!/usr/bin/env bash
# npm run package:check: installs the Debian package with apt in a fresh Debian 12, tries what it has, and removes it.
# It needs root, debootstrap and the package (npm run package). ROOT names a folder with a Debian to use again.
set -euo pipefail
cd "$(dirname "$0")/../.."

deb=$(ls "$PWD"/build/packages/fairlead_*.deb)
root=${ROOT:-$(mktemp -d -t fairlead-debian-XXXXXX)}
mkdir -p "$root"
# The user of the service enters it.
chmod 755 "$root"
if [ ! -e "$root/etc/debian_version" ]; then
  debootstrap --variant=minbase --include=bash-completion,curl,man-db,zsh bookworm "$root" "${MIRROR:-http://deb.debian.org/debian}"
fi
service=
trap '[ -z "$service" ] || kill "$service" 2>/dev/null || true; umount "$root/proc" 2>/dev/null || true; [ -n "${ROOT:-}" ] || rm -rf "$root"' EXIT
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# What an earlier check has left.
rm -rf "$root/tmp/first" "$root/tmp/person" "$root/var/lib/fairlead"
cp "$deb" "$root/tmp/fairlead.deb"
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive TERM=dumb "$@"; }
step() { printf 'ok: %s\n' "$1"; }
fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }
# minbase leaves out manual pages and other languages.
rm -f "$root"/etc/dpkg/dpkg.cfg.d/*

inside apt-get install -yq --reinstall --no-install-recommends /tmp/fairlead.deb
version=$(inside fairlead --version)
[ "$version" = "$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)" ] || fail "--version printed $version"
step "fairlead --version prints $version, without another Node.js ($(inside sh -c 'command -v node || echo none'))"

[ "$(inside stat -c '%U:%G %a' /etc/fairlead)" = 'root:fairlead 750' ] || fail 'the mode of /etc/fairlead'
inside fairlead check --config /etc/fairlead/broker.yaml || fail 'check of the installed configuration'
step 'the installed configuration passes check'

answers=(--out /tmp/first --registry localhost:5000 --for distribution-2 --public-url http://localhost:5001 --source file
  --user alice --user-groups team-web --group 'team-{team}' --namespace '{team}' --public no --user-password-stdin)
inside fairlead init "${answers[@]}" <<<'a password of the test' >/dev/null || fail 'fairlead init'
inside fairlead check --config /tmp/first/broker.yaml >/dev/null || fail 'check of what init wrote'
step 'fairlead init writes a configuration that passes check'

# docker starts the helper by its name in PATH; a login is stored in the file of the helper.
registry=registry.example.com
helper() { inside HOME=/tmp/person docker-credential-fairlead "$@"; }
inside mkdir -p /tmp/person
[ "$(helper version)" = "docker-credential-fairlead (Fairlead) $version" ] || fail 'docker-credential-fairlead version'
[ "$(inside fairlead credential version)" = "fairlead credential (Fairlead) $version" ] || fail 'fairlead credential version'
if helper get <<<"$registry" >"$root/tmp/answer" 2>"$root/tmp/line"; then fail 'get without a login ended with 0'; fi
[ "$(cat "$root/tmp/answer")" = 'credentials not found in native keychain' ] || fail 'get without a login'
grep -q "run: docker-credential-fairlead login $registry" "$root/tmp/line" || fail 'the line of get without a login'
secret='{"ServerURL":"'$registry'","Username":"<token>","Secret":"of-the-test"}'
helper store <<<"$secret" || fail 'store'
[ "$(helper get <<<"$registry")" = "$secret" ] || fail 'get after store'
[ "$(inside stat -c %a /tmp/person/.local/state/fairlead/logins.json)" = 600 ] || fail 'the mode of the file of logins'
helper configure "$registry" 2>"$root/tmp/line" || fail 'configure'
grep -q '"registry.example.com": "fairlead"' "$root/tmp/person/.docker/config.json" || fail 'the key of the helper'
step 'docker-credential-fairlead stores a login, gives it, and configures docker'

inside man -P cat fairlead | grep -q 'fairlead tokens revoke' || fail 'man fairlead'
step 'man fairlead'
completed=$(inside bash -c '. /usr/share/bash-completion/completions/fairlead; COMP_WORDS=(fairlead tok); COMP_CWORD=1; _fairlead; echo "${COMPREPLY[*]}"')
[ "$completed" = tokens ] || fail "completion in bash: $completed"
inside zsh -f -c 'autoload -Uz compinit; compinit -u -D; [[ ${_comps[fairlead]} == _fairlead ]]' || fail 'completion in zsh'
step 'completion in bash and zsh'

# The command lines of the units, under their user and with their folders and environment.
for folder in /var/lib/fairlead /var/cache/fairlead /var/log/fairlead; do inside install -d -o fairlead -g fairlead "$folder"; done
for unit in fairlead.service fairlead@5002.service; do
  port=5001
  file=$root/usr/lib/systemd/system/$unit
  # A template has the port in place of %i.
  case $unit in *@*) port=5002; file=${file%5002.service}.service ;; esac
  command=$(sed -n "s/^ExecStart=//p" "$file" | sed "s/%i/$port/g")
  mapfile -t variables < <(sed -n 's/^Environment=//p' "$file" | tr ' ' '\n')
  user=$(sed -n 's/^User=//p' "$file")
  # Each program starts the next one in its own process, so that $! is the broker.
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "${variables[@]}" \
    setpriv --reuid "$user" --regid "$user" --init-groups $command 2>"$root/tmp/log" &
  service=$!
  for _ in $(seq 100); do grep -q '"listening"' "$root/tmp/log" && break; sleep 0.2; done
  curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null || { cat "$root/tmp/log"; fail "$unit does not answer"; }
  [ "$(inside stat -c %U /var/lib/fairlead/state/keys)" = "$user" ] || fail 'the owner of the keys'
  step "the command line of $unit answers as $user: $command"
  kill -TERM "$service"
  wait "$service" || fail "$unit ended with $?"
  service=
  step 'it ends with 0 after SIGTERM'
done

echo '# changed' >>"$root/etc/fairlead/policy.yaml"
inside apt-get remove -yq fairlead
[ ! -e "$root/usr/bin/fairlead" ] || fail 'the command is still there'
grep -q '# changed' "$root/etc/fairlead/policy.yaml" || fail 'the configuration is gone'
[ -e "$root/var/lib/fairlead/state/keys" ] || fail 'the state is gone'
step 'removal keeps configuration and state'
inside apt-get purge -yq fairlead
[ -e "$root/var/lib/fairlead/state/keys" ] || fail 'the state is gone after a purge'
step 'a purge keeps the signing keys, which registries trust'
