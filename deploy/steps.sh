# What `deploy/build` does, step by step. Each function changes only what is not yet as it should be, and says so.
# shellcheck shell=bash

names=/etc/chartero/names
previous=  # the release that this run replaces, if any

say() { printf '   %s\n' "$*"; }
step() { printf '== %s (%d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }
fail() { printf '%s\n' "$*" >&2; exit 1; }
with_systemd() { [ -d /run/systemd/system ]; }
random() { openssl rand -hex "$1"; }

# put MODE OWNER:GROUP FILE: write what comes in, whole, if the file differs. Remember that something changed.
put() {
  local new
  mkdir -p "${3%/*}"
  new=$(mktemp "${3%/*}/.new.XXXXXX")
  cat >"$new"
  [ -s "$new" ] || { rm "$new"; fail "There is nothing to write to $3."; }
  if cmp -s "$new" "$3" && [ "$(stat -c '%a %U:%G' "$3")" = "${1#0} $2" ]; then rm "$new"; return; fi
  chown "$2" "$new"
  chmod "$1" "$new"
  mv -T "$new" "$3"
  changed=yes
  say "wrote $3"
}

# put_once: the same, but of a file that is there only the owner and the mode: an operator may have changed it.
put_once() {
  if [ ! -e "$3" ]; then put "$@"; return; fi
  cat >/dev/null
  [ -s "$3" ] || fail "$3 is empty. Put back what it had, or delete it to have a new one made."
  chown "$2" "$3"
  chmod "$1" "$3"
}

install_packages() {
  local missing=() package
  for package in "$@"; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed'; then missing+=("$package"); fi
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "${missing[@]}" >/dev/null
}

as_names() { printf "PARTNERS_NAME='%s'\nSTAFF_NAME='%s'\nSTAFF_NETWORKS='%s'\n" "$PARTNERS_NAME" "$STAFF_NAME" "$STAFF_NETWORKS"; }

# Look at the names, the networks and the certificate before anything is written.
check_given() {
  local name networks said
  read -ra networks <<<"$STAFF_NETWORKS"
  for name in "$PARTNERS_NAME" "$STAFF_NAME"; do
    [[ ${#name} -le 100 && $name =~ ^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$ ]] || fail "$name is not a host name in small letters."
  done
  [ "$PARTNERS_NAME" != "$STAFF_NAME" ] || fail "Partners and staff need two names."
  said=$(python3 -c 'import ipaddress, sys; [ipaddress.ip_network(each) for each in sys.argv[1:]]' "${networks[@]}" 2>&1) ||
    fail "A network of staff is wrong: ${said##*ValueError: }"
  if [ -e "$names" ] && [ "$(<"$names")" != "$(as_names)" ]; then
    fail "This machine has other names or networks. Change them in $names, in the files environment and" \
      "nginx/staff_networks.conf beside it and in the certificate; then run this without names, and restart the services."
  fi
  [ -n "${CERTIFICATE:-}${CERTIFICATE_KEY:-}" ] || return 0
  said=$(openssl x509 -in "${CERTIFICATE:-}" -noout -pubkey 2>/dev/null || echo none)
  if [ "$said" != "$(openssl pkey -passin pass: -in "${CERTIFICATE_KEY:-}" -pubout 2>/dev/null)" ]; then
    fail "CERTIFICATE and CERTIFICATE_KEY must name a certificate and its key, which has no password."
  fi
}

# Each user has a group of its own: a file that only this user may read is root's, so that the user can't write what root runs.
make_users() {
  local user
  for user in chartero chartero-owner chartero-seals; do
    getent group "$user" >/dev/null || groupadd --system "$user"
    if ! id "$user" >/dev/null 2>&1; then
      useradd --system --gid chartero --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin "$user"
      say "made the user $user"
    fi
    id -nG "$user" | tr ' ' '\n' | grep -Fx "$user" >/dev/null || usermod --append --groups "$user" "$user"
  done
}

make_folders() {
  install -d -m 0755 /srv/chartero /srv/chartero/releases
  install -d -m 0750 -o root -g chartero /etc/chartero
  install -d -m 0755 -o root -g root /etc/chartero/nginx /var/www/chartero
  install -d -m 0700 -o chartero -g chartero /var/lib/chartero
  install -d -m 0750 -o chartero-seals -g chartero /var/lib/chartero-seals
  install -d -m 0700 -o chartero-owner -g chartero /var/backups/chartero
  install -d -m 0751 -o root -g adm /var/log/chartero
}

make_secrets() {
  printf '%s\n' "SECRET_KEY=$(random 32)" "DIGEST_KEY=$(openssl rand -base64 32)" "WEB_PASSWORD=$(random 24)" |
    "$deploy/fill" "$deploy/etc/secrets" | put_once 0640 root:chartero /etc/chartero/secrets
  printf 'OWNER_PASSWORD=%s\n' "$(random 24)" |
    "$deploy/fill" "$deploy/etc/chartero-owner" | put_once 0440 root:chartero-owner /etc/chartero/chartero-owner
  put_once 0440 root:chartero-seals /etc/chartero/chartero-seals <"$deploy/etc/chartero-seals"
  printf '1:%s\n' "$(openssl rand -base64 32)" | put_once 0440 root:chartero-seals /etc/chartero/seal_keys
}

# The release is named by its files, so the same files are installed once.
install_release() {
  local parts=(chartero encounters partners templates examples deploy manage.py LICENSE)
  local name
  name=$(cd "$source" && find "${parts[@]}" -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
  RELEASE=/srv/chartero/releases/${name:0:12}
  [ -e "$RELEASE/.complete" ] && return
  say "installing $RELEASE"
  rm -rf "$RELEASE"
  install -d -m 0755 "$RELEASE"
  (cd "$source" && tar --create --exclude '*.pyc' --owner 0 --group 0 --mode 'u=rwX,go=rX' "${parts[@]}") | tar --extract -C "$RELEASE"
  /usr/bin/python3 -m venv "$RELEASE/.venv"
  "$RELEASE/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$RELEASE/deploy/requirements.txt"
}

# What only some deployments need, by the settings of this machine.
install_extras() {
  grep -q "^CHARTERO_S3_BUCKET='..*'" "${settings:-/etc/chartero/environment}" || return 0
  ! "$RELEASE/.venv/bin/python" -c 'import botocore' 2>/dev/null || return 0
  say "installing what recordings in a bucket need"
  "$RELEASE/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$RELEASE/deploy/s3.txt"
}

make_environment() {
  local public
  public=$("$RELEASE/.venv/bin/python" -c '
import base64, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
for line in sys.stdin:
    number, _, key = line.strip().partition(":")
    public = Ed25519PrivateKey.from_private_bytes(base64.b64decode(key)).public_key().public_bytes_raw()
    print(f"{number}:{base64.b64encode(public).decode()}")
' </etc/chartero/seal_keys | paste -sd,)
  printf '%s\n' "PARTNERS_NAME=$PARTNERS_NAME" "STAFF_NAME=$STAFF_NAME" "SEAL_PUBLIC_KEYS=$public" |
    "$deploy/fill" "$deploy/etc/environment" | put_once 0640 root:chartero /etc/chartero/environment
}

install_programs() {
  local name
  for name in chartero chartero-owner chartero-seals; do put 0755 root:root "/usr/local/bin/$name" <"$deploy/bin/chartero"; done
  for name in chartero-backup chartero-cron chartero-pg chartero-serve; do put 0755 root:root "/usr/local/bin/$name" <"$deploy/bin/$name"; done
}

as_postgres() { (cd / && runuser -u postgres -- "$@"); }

make_database() {
  local version cluster conf others
  read -r version cluster < <(pg_lsclusters --no-header | awk '$3 == 5432 { print $1, $2 }') ||
    fail "PostgreSQL has no cluster at port 5432: pg_createcluster --port 5432 15 main"
  conf=/etc/postgresql/$version/$cluster/conf.d/chartero.conf
  pg_ctlcluster "$version" "$cluster" status >/dev/null 2>&1 || pg_ctlcluster "$version" "$cluster" start
  if [ ! -e "$conf" ]; then
    others=$(as_postgres psql -AtXc "SELECT string_agg(datname, ', ') FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'chartero')")
    [ -z "$others" ] || fail "PostgreSQL also has $others, and chartero would change its settings and restart it." \
      "Put what you want of deploy/postgresql/primary.conf into $conf, restart it yourself, then run this again."
    put 0644 root:root "$conf" <"$deploy/postgresql/primary.conf"
    pg_ctlcluster "$version" "$cluster" restart
  elif [ -e /srv/chartero/current ] && ! cmp -s /srv/chartero/current/deploy/postgresql/primary.conf "$deploy/postgresql/primary.conf"; then
    say "This release has other settings of PostgreSQL: compare deploy/postgresql/primary.conf with $conf."
  fi
  make_role chartero_owner chartero-owner
  make_role chartero_web secrets
  as_postgres psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
SELECT 'CREATE DATABASE chartero OWNER chartero_owner ENCODING ''UTF8'' LOCALE ''C.UTF-8'' TEMPLATE template0'
 WHERE 'chartero' NOT IN (SELECT datname FROM pg_database) \gexec
REVOKE ALL ON DATABASE chartero FROM PUBLIC;
GRANT CONNECT ON DATABASE chartero TO chartero_web;
SQL
}

# make_role ROLE FILE: a role that has the password in the URL of this file. A URL of the operator's own is left alone.
make_role() {
  local password
  password=$(sed -n "s|^DATABASE_URL='postgres://[a-z_]*:\([0-9a-f]*\)@.*|\1|p" "/etc/chartero/$2")
  if [ -z "$password" ] || PGPASSWORD=$password psql -Xqwh 127.0.0.1 -U "$1" -d postgres -c '' 2>/dev/null; then return 0; fi
  as_postgres psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 >/dev/null <<SQL
SELECT 'CREATE ROLE $1' WHERE '$1' NOT IN (SELECT rolname FROM pg_roles) \gexec
ALTER ROLE $1 LOGIN PASSWORD '$password';
SQL
  say "set the password of the role $1"
}

# Run a command of the release that is not yet the current one.
of_release() { CHARTERO_RELEASE=$RELEASE "$@"; }

prepare_release() {
  of_release chartero-owner migrate --verbosity 0
  of_release chartero-owner grants chartero_web | (cd / && chartero-pg psql --quiet --no-psqlrc -v ON_ERROR_STOP=1)
  if [ ! -e "$RELEASE/.complete" ]; then
    (
      set -a
      . /etc/chartero/environment
      . /etc/chartero/secrets
      cd "$RELEASE" && .venv/bin/python manage.py collectstatic --no-input --verbosity 0
    )
  fi
  of_release chartero check --database default >/dev/null
  touch "$RELEASE/.complete"
}

# Serve the release at a port of its own, before anybody's calls come to it.
try_release() (
  CHARTERO_RELEASE=$RELEASE setpriv --reuid chartero --regid chartero --init-groups \
    chartero-serve partners 127.0.0.1:8009 >/var/log/chartero/trial.log 2>&1 &
  trap 'kill $! 2>/dev/null || true; wait $! || true' EXIT
  (ready 8009) || fail "Nothing was replaced: /var/log/chartero/trial.log says why."
)

# Whoever starts a process from now on gets the new release.
switch_release() {
  [ "$(readlink -f /srv/chartero/current || true)" != "$RELEASE" ] || return 0
  try_release
  if [ -e /srv/chartero/current ]; then previous=$(readlink -f /srv/chartero/current); fi
  lead_to "$RELEASE"
}

lead_to() {
  ln -sfn "$1" /srv/chartero/next
  mv -T /srv/chartero/next /srv/chartero/current
  say "/srv/chartero/current leads to $1"
}

# Whoever starts a process from now on gets the old release, also after a restart of the machine.
lead_back() { [ -z "$previous" ] || lead_to "$previous"; }

ready() {
  local seconds
  for seconds in $(seq 60); do
    if curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$1/readyz"; then return; fi
    sleep 1
  done
  fail "The service at port $1 is not ready after $seconds s: see its log."
}
