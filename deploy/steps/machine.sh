# Users, folders, secrets and settings of the machine, and the programs with which its operator works.
# shellcheck shell=bash

# The web service's user is on every machine, the others where records are kept and sealed.
users() {
  if is_application; then echo chartero; else echo chartero chartero-owner chartero-seals; fi
}

# Each user has a group of its own: a file that only this user may read is root's, so that the user can't write what root runs.
make_users() {
  local user
  for user in $(users); do
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
  install -d -m 0700 -o chartero -g chartero /var/lib/chartero
  install -d -m 0751 -o root -g adm /var/log/chartero
  is_application && return
  install -d -m 0755 -o root -g root /etc/chartero/nginx /var/www/chartero
  install -d -m 0750 -o chartero-seals -g chartero /var/lib/chartero-seals
  install -d -m 0700 -o chartero-owner -g chartero /var/backups/chartero
}

make_secrets() {
  printf '%s\n' "SECRET_KEY=$(random 32)" "DIGEST_KEY=$(openssl rand -base64 32)" "WEB_PASSWORD=$(random 24)" |
    "$deploy/fill" "$deploy/etc/secrets" | put_once 0640 root:chartero /etc/chartero/secrets
  printf 'OWNER_PASSWORD=%s\n' "$(random 24)" |
    "$deploy/fill" "$deploy/etc/chartero-owner" | put_once 0440 root:chartero-owner /etc/chartero/chartero-owner
  put_once 0440 root:chartero-seals /etc/chartero/chartero-seals <"$deploy/etc/chartero-seals"
  printf '1:%s\n' "$(openssl rand -base64 32)" | put_once 0440 root:chartero-seals /etc/chartero/seal_keys
}

# The web service's settings, as they were handed over.
keep_handed() {
  chown root:chartero /etc/chartero/environment /etc/chartero/secrets
  chmod 0640 /etc/chartero/environment /etc/chartero/secrets
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
  for name in $(users); do put 0755 root:root "/usr/local/bin/$name" <"$deploy/bin/chartero"; done
  for name in chartero-failed chartero-serve; do put 0755 root:root "/usr/local/bin/$name" <"$deploy/bin/$name"; done
  is_application && return
  for name in chartero-backup chartero-cron chartero-pg; do put 0755 root:root "/usr/local/bin/$name" <"$deploy/bin/$name"; done
}
