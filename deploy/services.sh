# How `deploy/build` starts the services of chartero and replaces them: by systemd, or by supervisor where there is none.
# shellcheck shell=bash

start_services() {
  put 0644 root:root /etc/logrotate.d/chartero <"$deploy/logrotate"
  if with_systemd; then start_with_systemd; else start_with_supervisor; fi
}

start_with_systemd() {
  local unit file units=/etc/systemd/system
  changed=
  while IFS= read -r file; do
    put 0644 root:root "$units/${file#"$deploy"/systemd/}" <"$file"
  done < <(find "$deploy/systemd" -type f)
  [ -z "$changed" ] || systemctl daemon-reload
  for unit in "$deploy"/systemd/*.socket "$deploy"/systemd/*.timer; do
    systemctl enable --quiet --now "${unit##*/}"
  done
  systemctl enable --quiet --now chartero-web@partners chartero-web@staff chartero-webhooks chartero-seals
  if [ -n "$switched" ]; then
    for unit in partners staff; do replace_with_systemd "$unit"; done
    systemctl restart chartero-webhooks chartero-seals
    say "replaced the services"
  fi
}

# The new release starts beside the old one and ends it once it is ready.
replace_with_systemd() {
  local before seconds
  before=$(cat "/run/chartero-$1/pid")
  systemctl reload "chartero-web@$1"
  for seconds in $(seq 60); do
    if [ "$(cat "/run/chartero-$1/pid" 2>/dev/null || true)" != "$before" ] && ! kill -0 "$before" 2>/dev/null; then return; fi
    sleep 1
  done
  fail "The old release still serves $1 after $seconds s: journalctl -u chartero-web@$1 says why. Nothing else was replaced."
}

start_with_supervisor() {
  local service
  put 0644 root:root /etc/cron.d/chartero <"$deploy/crontab"
  service cron status >/dev/null 2>&1 || service cron start >/dev/null
  changed=
  put 0644 root:root /etc/supervisor/conf.d/chartero.conf <"$deploy/supervisor.conf"
  if ! supervisorctl pid >/dev/null 2>&1; then
    supervisord -c /etc/supervisor/supervisord.conf
    say "started supervisor"
  elif [ -n "$changed" ]; then
    supervisorctl update >/dev/null
  elif [ -n "$switched" ]; then
    # One process serves partners while the other is replaced.
    for service in partners:0 partners:1 staff webhooks seals; do
      supervisorctl restart "chartero-$service" >/dev/null
      [ "${service%:*}" != partners ] || ready 8000
    done
    say "replaced the services"
  fi
}
