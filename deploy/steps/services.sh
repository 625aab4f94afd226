# The services of systemd: each is started, or replaced if it runs another release.
# shellcheck shell=bash

start_services() {
  put 0644 root:root /etc/logrotate.d/chartero <"$deploy/logrotate"
  if with_systemd; then start_with_systemd; else start_with_supervisor; fi
}

# server_of SERVICE: the process that started the others which serve.
server_of() { if with_systemd; then cat "/run/chartero-$1/pid"; else server_below_supervisor "$1"; fi; }

# What seals, and what runs at set times, is on the first machine only.
enabled_units() {
  printf '%s\n' chartero-web@{partners,staff}.{socket,service} chartero-webhooks.service
  is_application && return
  echo chartero-seals.service
  (cd "$deploy/systemd" && printf '%s\n' ./*.timer | cut -c 3-)
}

start_with_systemd() {
  local unit enabled
  changed=
  install_units
  [ -z "$changed" ] || systemctl daemon-reload
  mapfile -t enabled < <(enabled_units)
  systemctl enable --quiet --now "${enabled[@]}"
  for unit in partners staff; do
    runs_release "$(server_of "$unit")" || replace_with_systemd "$unit"
  done
  for unit in chartero-webhooks $(is_application || echo chartero-seals); do
    runs_release "$(systemctl show --property MainPID --value "$unit")" || systemctl restart "$unit"
  done
}

install_units() {
  local unit file units=/etc/systemd/system
  while IFS= read -r file; do
    put 0644 root:root "$units/${file#"$deploy"/systemd/}" < <(addressed "$file")
  done < <(find "$deploy/systemd" -type f)
  for file in "$previous"/deploy/systemd/chartero-*.{service,socket,timer}; do  # what this release has no more
    unit=${file##*/}
    if [ -e "$file" ] && [ ! -e "$deploy/systemd/$unit" ]; then
      systemctl disable --quiet --now "$unit" || true
      rm -f "$units/$unit"
    fi
  done
}

# The new release starts beside the old one and ends it once it is ready.
replace_with_systemd() {
  local before
  say "replacing $1"
  before=$(server_of "$1")
  { systemctl reload "chartero-web@$1" && ended "$before"; } || given_up "$1" "journalctl -u chartero-web@$1"
}

# ended PID: the server of the old release ends within a minute.
ended() {
  local seconds
  for seconds in $(seq 60); do
    if ! kill -0 "$1" 2>/dev/null; then return; fi
    sleep 1
  done
  return 1
}

# given_up SERVICE LOG: nothing after this service is replaced.
given_up() { fail "The old release still serves $1: $2 says why. Nothing after it was replaced."; }
