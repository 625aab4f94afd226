# What `deploy/build` does, step by step. Each function changes only what is not yet as it should be, and says so.
# shellcheck shell=bash

say() { printf '   %s\n' "$*"; }
step() { printf '== %s (%d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }
fail() { printf '%s\n' "$*" >&2; exit 1; }
with_systemd() { [ -d /run/systemd/system ]; }
random() { openssl rand -hex "$1"; }

# put MODE OWNER:GROUP FILE: write what comes in, if the file differs. Remember that something changed.
put() {
  local new
  new=$(mktemp)
  cat >"$new"
  if cmp -s "$new" "$3" && [ "$(stat -c '%a %U:%G' "$3")" = "${1#0} $2" ]; then rm "$new"; return; fi
  install -D -m "$1" -o "${2%:*}" -g "${2#*:}" "$new" "$3"
  rm "$new"
  changed=yes
  say "wrote $3"
}

# put_once: the same, but never over a file that is there: an operator may have changed it.
put_once() { if [ -e "$3" ]; then cat >/dev/null; else put "$@"; fi; }

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

make_users() {
  getent group chartero >/dev/null || groupadd --system chartero
  for user in chartero chartero-owner chartero-seals; do
    id "$user" >/dev/null 2>&1 && continue
    useradd --system --gid chartero --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin "$user"
    say "made the user $user"
  done
}

make_folders() {
  install -d -m 0755 /srv/chartero /srv/chartero/releases
  install -d -m 0750 -o root -g chartero /etc/chartero
  install -d -m 0755 -o root -g root /etc/chartero/nginx /var/www/chartero
  install -d -m 0700 -o chartero -g chartero /var/lib/chartero
  install -d -m 0750 -o chartero-seals -g chartero /var/lib/chartero-seals
  install -d -m 0700 -o chartero-owner -g chartero /var/backups/chartero
  install -d -m 0750 -o root -g adm /var/log/chartero
}

make_secrets() {
  "$deploy/fill" "$deploy/etc/secrets" "SECRET_KEY=$(random 32)" "DIGEST_KEY=$(openssl rand -base64 32)" \
    "WEB_PASSWORD=$(random 24)" | put_once 0640 root:chartero /etc/chartero/secrets
  "$deploy/fill" "$deploy/etc/chartero-owner" "OWNER_PASSWORD=$(random 24)" |
    put_once 0400 chartero-owner:chartero /etc/chartero/chartero-owner
  put_once 0400 chartero-seals:chartero /etc/chartero/chartero-seals <"$deploy/etc/chartero-seals"
  printf '1:%s\n' "$(openssl rand -base64 32)" | put_once 0400 chartero-seals:chartero /etc/chartero/seal_keys
}

# The release is named by its files, so the same files are installed once.
install_release() {
  local parts=(chartero encounters partners templates examples deploy manage.py LICENSE)
  local name
  name=$(cd "$source" && find "${parts[@]}" -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum | sha256sum)
  export RELEASE=/srv/chartero/releases/${name:0:12}
  [ -e "$RELEASE/.complete" ] && return
  say "installing $RELEASE"
  rm -rf "$RELEASE"
  install -d -m 0755 "$RELEASE"
  (cd "$source" && tar --create --exclude '*.pyc' --owner 0 --group 0 "${parts[@]}") | tar --extract --no-same-permissions -C "$RELEASE"
  /usr/bin/python3 -m venv "$RELEASE/.venv"
  "$RELEASE/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$RELEASE/deploy/requirements.txt"
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
  "$deploy/fill" "$deploy/etc/environment" "PARTNERS_NAME=$PARTNERS_NAME" "STAFF_NAME=$STAFF_NAME" \
    "SEAL_PUBLIC_KEYS=$public" | put_once 0640 root:chartero /etc/chartero/environment
}

install_programs() {
  local name
  for name in chartero chartero-owner chartero-seals; do put 0755 root:root "/usr/local/bin/$name" <"$deploy/bin/chartero"; done
  for name in chartero-backup chartero-serve; do put 0755 root:root "/usr/local/bin/$name" <"$deploy/bin/$name"; done
}

as_postgres() { (cd / && runuser -u postgres -- "$@"); }

make_database() {
  local version cluster
  read -r version cluster _ < <(pg_lsclusters --no-header) || fail "PostgreSQL has no cluster: pg_createcluster 15 main"
  changed=
  put 0644 root:root "/etc/postgresql/$version/$cluster/conf.d/chartero.conf" <"$deploy/postgresql/primary.conf"
  if [ -n "$changed" ]; then pg_ctlcluster "$version" "$cluster" stop >/dev/null 2>&1 || true; fi
  pg_ctlcluster "$version" "$cluster" status >/dev/null 2>&1 || pg_ctlcluster "$version" "$cluster" start
  as_postgres psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 >/dev/null <<SQL
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', name, password)
  FROM (VALUES ('chartero_owner', '$(password chartero-owner)'), ('chartero_web', '$(password secrets)')) AS role (name, password)
 WHERE name NOT IN (SELECT rolname FROM pg_roles) \gexec
SELECT 'CREATE DATABASE chartero OWNER chartero_owner ENCODING ''UTF8'' LOCALE ''C.UTF-8'' TEMPLATE template0'
 WHERE 'chartero' NOT IN (SELECT datname FROM pg_database) \gexec
REVOKE ALL ON DATABASE chartero FROM PUBLIC;
GRANT CONNECT ON DATABASE chartero TO chartero_web;
SQL
}

password() { sed -n "s|^DATABASE_URL='postgres://[a-z_]*:\([0-9a-f]*\)@.*|\1|p" "/etc/chartero/$1"; }

prepare_release() {
  chartero-owner migrate --verbosity 0
  (. /etc/chartero/chartero-owner && chartero-owner grants chartero_web | psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 "$DATABASE_URL")
  if [ ! -e "$RELEASE/.complete" ]; then
    (
      set -a
      . /etc/chartero/environment
      . /etc/chartero/secrets
      cd "$RELEASE" && .venv/bin/python manage.py collectstatic --no-input --verbosity 0
    )
  fi
  chartero check --database default >/dev/null
  touch "$RELEASE/.complete"
}

# Whoever starts a process from now on gets the new release.
switch_release() {
  [ "$(readlink -f /srv/chartero/current || true)" != "$RELEASE" ] || return 0
  ln -sfn "$RELEASE" /srv/chartero/next
  mv -T /srv/chartero/next /srv/chartero/current
  switched=yes
  say "/srv/chartero/current leads to $RELEASE"
}

make_certificate() {
  if [ -n "${CERTIFICATE:-}" ]; then
    put 0644 root:root /etc/chartero/tls/certificate.pem <"$CERTIFICATE"
    put 0600 root:root /etc/chartero/tls/key.pem <"$CERTIFICATE_KEY"
  elif [ ! -e /etc/chartero/tls/certificate.pem ]; then
    say "making a certificate that no client trusts; put a real one in its place"
    install -d -m 0755 /etc/chartero/tls
    (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj "/CN=$PARTNERS_NAME" \
      -addext "subjectAltName=DNS:$PARTNERS_NAME,DNS:$STAFF_NAME" -keyout /etc/chartero/tls/key.pem \
      -out /etc/chartero/tls/certificate.pem 2>/dev/null)
  fi
}

install_nginx() {
  local file place put networks
  read -ra networks <<<"$STAFF_NETWORKS"
  changed=
  for file in "$deploy"/nginx/*.conf; do
    place=/etc/chartero/nginx/${file##*/} put=put
    case ${file##*/} in
      chartero.conf) place=/etc/nginx/sites-available/chartero.conf ;;
      upstreams.conf | staff_networks.conf) put=put_once ;;
    esac
    "$deploy/fill" "$file" "PARTNERS_NAME=$PARTNERS_NAME" "STAFF_NAME=$STAFF_NAME" HTTPS_PORT=443 HTTP_PORT=80 \
      PARTNERS_PORT=8000 STAFF_PORT=8001 ETC=/etc/chartero LOG=/var/log/chartero ACME=/var/www/chartero \
      "ALLOWED=$(printf 'allow %s; ' "${networks[@]}")" | $put 0644 root:root "$place"
  done
  if [ -e /etc/nginx/sites-enabled/default ]; then rm /etc/nginx/sites-enabled/default; changed=yes; fi
  [ -e /etc/nginx/sites-enabled/chartero.conf ] || ln -s ../sites-available/chartero.conf /etc/nginx/sites-enabled/
  nginx -q -t
  if ! [ -s /run/nginx.pid ] || ! kill -0 "$(cat /run/nginx.pid)" 2>/dev/null; then
    if with_systemd; then systemctl enable --quiet --now nginx; else nginx; fi
    say "started nginx"
  elif [ -n "$changed" ]; then
    nginx -s reload
    say "nginx has read its files again"
  fi
}

ready() {
  local seconds
  for seconds in $(seq 60); do
    if curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$1/readyz"; then return; fi
    sleep 1
  done
  fail "The service at port $1 is not ready after $seconds s: see its log."
}
