# The services where there is no systemd: supervisor runs them, and cron what runs at set times.
# shellcheck shell=bash

start_with_supervisor() {
  local folder=/etc/supervisor/conf.d service news
  is_application || start_cron
  put 0644 root:root $folder/chartero.conf < <(addressed "$deploy/supervisor/servers.conf")
  is_application || put 0644 root:root $folder/chartero-seals.conf <"$deploy/supervisor/seals.conf"
  if ! supervisorctl pid >/dev/null 2>&1; then
    (cd / && supervisord -c /etc/supervisor/supervisord.conf)
    say "started supervisor"
    return
  fi
  # Also of what a run wrote that was killed before it came this far.
  news=$(supervisorctl reread) || fail "supervisor can't read its files: $news"
  [[ $news != *chartero-* ]] || update_supervisor "$news"
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

# supervisor knows the process that adopts the server, not the server itself, which is its first child.
server_below_supervisor() {
  local pid server=
  pid=$(supervisorctl pid "chartero-$1")
  { read -r server _ <"/proc/$pid/task/$pid/children"; } 2>/dev/null || true  # the line has no end
  printf '%s' "$server"
}

# The new release starts beside the old one and ends it once it is ready, as with systemd.
renew_with_supervisor() {
  local before
  say "replacing $1"
  before=$(server_of "$1")
  [ -n "$before" ] || fail "chartero-$1 doesn't run: see /var/log/chartero/$1.log."
  if grep -Fxzq chartero.server.adopting "/proc/$(supervisorctl pid "chartero-$1")/cmdline"; then
    { supervisorctl signal USR2 "chartero-$1" && ended "$before"; } || given_up "$1" "/var/log/chartero/$1.log"
  else  # a release from before it, to which somebody went back: supervisor would start a second server beside the new one
    supervisorctl restart "chartero-$1"
  fi
}

# supervisor ends a service whose part of the file changed, gives up its port, and starts it again. Calls go elsewhere
# meanwhile: to another machine, or to a server that this machine runs for as long.
# update_supervisor NEWS: what supervisor said when it read its files again.
update_supervisor() (
  if ! is_application && grep -E '^chartero-(partners|staff): (changed|disappeared)' >/dev/null <<<"$1"; then
    serve_beside all
    server=$!
    trap 'kill $server; wait $server || true' EXIT
    (ready "$TRIAL") || fail "Nothing was replaced: /var/log/chartero/trial.log says why."
    trap 'end_stand_in $server' EXIT
    lead_nginx_to "$TRIAL"
  fi
  supervisorctl update
  ready "$(address):8000"
  ready "$(address):8001"
)

# end_stand_in PID: only once no call goes there any more.
end_stand_in() {
  (lead_nginx_back) || fail "nginx still sends calls to the process $1 at $TRIAL. Once nginx is restarted: kill $1"
  kill "$1" || true
  wait "$1" || true
}
