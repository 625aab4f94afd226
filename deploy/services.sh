# How `deploy/build` starts nginx, and starts and replaces the services: by systemd, or by supervisor where there is none.
# shellcheck shell=bash

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
  local file place put networks values
  read -ra networks <<<"$STAFF_NETWORKS"
  values=$(printf '%s\n' "PARTNERS_NAME=$PARTNERS_NAME" "STAFF_NAME=$STAFF_NAME" HTTPS_PORT=443 HTTP_PORT=80 \
    "UNLESS_IPV_SIX=$(grep . /proc/net/if_inet6 >/dev/null 2>&1 || echo '#')" PARTNERS_PORT=8000 STAFF_PORT=8001 \
    ETC=/etc/chartero LOG=/var/log/chartero ACME=/var/www/chartero "ALLOWED=$(printf 'allow %s; ' "${networks[@]}")")
  for file in "$deploy"/nginx/*.conf; do
    place=/etc/chartero/nginx/${file##*/} put=put
    case ${file##*/} in
      chartero.conf) place=/etc/nginx/sites-available/chartero.conf ;;
      limits.conf | upstreams.conf | staff_networks.conf) put=put_once ;;
    esac
    "$deploy/fill" "$file" <<<"$values" | $put 0644 root:root "$place"
  done
  if [ "$(readlink -f /etc/nginx/sites-enabled/default)" = /etc/nginx/sites-available/default ]; then rm /etc/nginx/sites-enabled/default; fi
  [ -e /etc/nginx/sites-enabled/chartero.conf ] || ln -s ../sites-available/chartero.conf /etc/nginx/sites-enabled/
  nginx -q -t
  if [ -s /run/nginx.pid ] && kill -0 "$(cat /run/nginx.pid)" 2>/dev/null; then
    reload_nginx "$(cat /run/nginx.pid)"
  else
    if with_systemd; then systemctl enable --quiet --now nginx; else nginx; fi
    say "started nginx"
  fi
}

# Also for what an earlier run wrote, or an operator. A running nginx can refuse what `nginx -t` accepts, such as another
# key of a zone, and then goes on with its old files.
reload_nginx() {
  local before seconds
  before=$(<"/proc/$1/task/$1/children")
  kill -HUP "$1"
  for seconds in $(seq 10); do
    if [ "$(<"/proc/$1/task/$1/children")" != "$before" ]; then return; fi
    sleep 1
  done
  fail "nginx still serves by its old files after $seconds s: /var/log/nginx/error.log says why. Restart it."
}

start_services() {
  put 0644 root:root /etc/logrotate.d/chartero <"$deploy/logrotate"
  if with_systemd; then start_with_systemd; else start_with_supervisor; fi
}

# runs_release PID: a process runs a release if it began in its folder or with a file of it.
runs_release() {
  { readlink "/proc/$1/cwd"; tr '\0' '\n' <"/proc/$1/cmdline"; } 2>/dev/null | grep "^$RELEASE\(/\|\$\)" >/dev/null
}

start_with_systemd() {
  local unit file units=/etc/systemd/system
  changed=
  while IFS= read -r file; do
    put 0644 root:root "$units/${file#"$deploy"/systemd/}" <"$file"
  done < <(find "$deploy/systemd" -type f)
  for file in "$previous"/deploy/systemd/chartero-*.{service,socket,timer}; do  # what this release has no more
    unit=${file##*/}
    if [ -e "$file" ] && [ ! -e "$deploy/systemd/$unit" ]; then
      systemctl disable --quiet --now "$unit" || true
      rm -f "$units/$unit"
    fi
  done
  [ -z "$changed" ] || systemctl daemon-reload
  for unit in "$deploy"/systemd/*.socket "$deploy"/systemd/*.timer; do
    systemctl enable --quiet --now "${unit##*/}"
  done
  systemctl enable --quiet --now chartero-web@partners chartero-web@staff chartero-webhooks chartero-seals
  for unit in partners staff; do
    runs_release "$(cat "/run/chartero-$unit/pid")" || replace_with_systemd "$unit"
  done
  for unit in chartero-webhooks chartero-seals; do
    runs_release "$(systemctl show --property MainPID --value "$unit")" || systemctl restart "$unit"
  done
}

# The new release starts beside the old one and ends it once it is ready.
replace_with_systemd() {
  local before seconds
  say "replacing $1"
  before=$(cat "/run/chartero-$1/pid")
  systemctl reload "chartero-web@$1"
  for seconds in $(seq 60); do
    if [ "$(cat "/run/chartero-$1/pid" 2>/dev/null || true)" != "$before" ] && ! kill -0 "$before" 2>/dev/null; then return; fi
    sleep 1
  done
  lead_back
  fail "The old release still serves $1 after $seconds s: journalctl -u chartero-web@$1 says why. Nothing else was replaced."
}

start_with_supervisor() {
  local service
  put 0644 root:root /etc/cron.d/chartero <"$deploy/crontab"
  [ -e /var/log/chartero/cron.log ] || install -m 0620 -o root -g chartero /dev/null /var/log/chartero/cron.log
  service cron status >/dev/null 2>&1 || service cron start >/dev/null
  put 0644 root:root /etc/supervisor/conf.d/chartero.conf <"$deploy/supervisor.conf"
  if ! supervisorctl pid >/dev/null 2>&1; then
    (cd / && supervisord -c /etc/supervisor/supervisord.conf)
    say "started supervisor"
    return
  fi
  supervisorctl update
  # One process serves partners while the other is replaced.
  for service in partners:0 partners:1 staff webhooks seals; do
    runs_release "$(supervisorctl pid "chartero-$service")" || replace_with_supervisor "$service"
  done
}

# supervisor waits until the process has run for `startsecs`. Calls wait meanwhile: supervisor holds their port.
replace_with_supervisor() {
  local port=8000
  [ "$1" != staff ] || port=8001
  if supervisorctl restart "chartero-$1" && (ready "$port"); then return; fi
  lead_back
  supervisorctl restart "chartero-$1" || true
  fail "chartero-$1 does not start: see /var/log/chartero. Nothing after it was replaced."
}
