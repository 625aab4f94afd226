# The services where there is no systemd: supervisor runs them, and cron what runs at set times.
# shellcheck shell=bash

start_with_supervisor() {
  local folder=/etc/supervisor/conf.d service
  is_application || start_cron
  addressed "$deploy/supervisor/servers.conf" | put 0644 root:root $folder/chartero.conf
  is_application || put 0644 root:root $folder/chartero-seals.conf <"$deploy/supervisor/seals.conf"
  if ! supervisorctl pid >/dev/null 2>&1; then
    (cd / && supervisord -c /etc/supervisor/supervisord.conf)
    say "started supervisor"
    return
  fi
  supervisorctl update
  # One process serves partners while the other is replaced.
  for service in partners:0 partners:1 staff webhooks $(is_application || echo seals); do
    runs_release "$(supervisorctl pid "chartero-$service")" || replace_with_supervisor "$service"
  done
}

start_cron() {
  put 0644 root:root /etc/cron.d/chartero <"$deploy/crontab"
  [ -e /var/log/chartero/cron.log ] || install -m 0620 -o root -g chartero /dev/null /var/log/chartero/cron.log
  service cron status >/dev/null 2>&1 || service cron start >/dev/null
}

# supervisor waits until the process has run for `startsecs`. Calls wait meanwhile: supervisor holds their port.
replace_with_supervisor() {
  local port=8000
  [ "$1" != staff ] || port=8001
  if supervisorctl restart "chartero-$1" && (ready "$(address):$port"); then return; fi
  lead_back
  supervisorctl restart "chartero-$1" || true
  fail "chartero-$1 does not start: see /var/log/chartero. Nothing after it was replaced."
}
