# The services where there is no systemd: supervisor runs them, and cron what runs at set times.
# shellcheck shell=bash

start_with_supervisor() {
  local folder=/etc/supervisor/conf.d service
  is_application || start_cron
  changed=
  addressed "$deploy/supervisor/servers.conf" | put 0644 root:root $folder/chartero.conf
  is_application || put 0644 root:root $folder/chartero-seals.conf <"$deploy/supervisor/seals.conf"
  if ! supervisorctl pid >/dev/null 2>&1; then
    (cd / && supervisord -c /etc/supervisor/supervisord.conf)
    say "started supervisor"
    return
  fi
  [ -z "$changed" ] || update_supervisor
  for service in partners staff; do
    runs_release "$(server_of "$service")" || renew_with_supervisor "$service"
  done
  for service in webhooks $(is_application || echo seals); do
    runs_release "$(supervisorctl pid "chartero-$service")" || supervisorctl restart "chartero-$service"
  done
}

start_cron() {
  put 0644 root:root /etc/cron.d/chartero <"$deploy/crontab"
  [ -e /var/log/chartero/cron.log ] || install -m 0620 -o root -g chartero /dev/null /var/log/chartero/cron.log
  service cron status >/dev/null 2>&1 || service cron start >/dev/null
}

# supervisor knows the process that adopts the server, not the server itself.
server_of() {
  local pid
  pid=$(supervisorctl pid "chartero-$1")
  cat "/proc/$pid/task/$pid/children" 2>/dev/null || true
}

# The new release starts beside the old one and ends it once it is ready, as with systemd.
renew_with_supervisor() {
  local before
  say "replacing $1"
  read -r before _ < <(server_of "$1") || fail "chartero-$1 doesn't run: see /var/log/chartero/$1.log."
  supervisorctl signal USR2 "chartero-$1"
  ended "$before" || given_up "$1" "/var/log/chartero/$1.log"
}

# supervisor ends a service whose part of the file changed, gives up its port, and starts it again. Calls go elsewhere
# meanwhile: to another machine, or to a server that this machine runs for as long.
update_supervisor() (
  if ! is_application && supervisorctl reread | grep -E '^chartero-(partners|staff): (changed|disappeared)' >/dev/null; then
    serve_beside all
    server=$!
    trap 'kill $server; wait $server || true' EXIT
    (ready "$TRIAL") || fail "Nothing was replaced: /var/log/chartero/trial.log says why."
    trap '(lead_nginx_back) || true; kill $server; wait $server || true' EXIT
    lead_nginx_to "$TRIAL"
  fi
  supervisorctl update
  ready "$(address):8000"
  ready "$(address):8001"
)
