# The release: installed beside the one before, prepared, tried at a port of its own, then made the current one.
# shellcheck shell=bash

TRIAL=127.0.0.1:8009
previous=  # the release that this run replaces, if any

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
  install_extra CHARTERO_S3_BUCKET botocore s3.txt "recordings in a bucket"
  install_extra CHARTERO_OTLP_ENDPOINT opentelemetry.proto otel.txt traces
}

# install_extra SETTING MODULE LOCK WHAT: install a lock where the setting is set and the module is missing.
install_extra() {
  local given
  given=$(. "$etc/environment"; printf '%s' "${!1:-}")
  [ -n "$given" ] || return 0
  ! "$RELEASE/.venv/bin/python" -c "import $2" 2>/dev/null || return 0
  say "installing what $4 need"
  "$RELEASE/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$RELEASE/deploy/$3"
}

# Run a command of the release that is not yet the current one.
of_release() { CHARTERO_RELEASE=$RELEASE "$@"; }

# The first machine migrates. The others wait until that has happened: without it they aren't ready.
prepare_release() {
  if ! is_application; then
    of_release chartero-owner migrate --verbosity 0
    of_release chartero-owner grants chartero_web | (cd / && chartero-pg psql --quiet --no-psqlrc -v ON_ERROR_STOP=1)
  fi
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

# serve_beside PART: serve the release at a port of its own, in the background.
serve_beside() {
  CHARTERO_RELEASE=$RELEASE setpriv --reuid chartero --regid chartero --init-groups \
    chartero-serve "$1" "$TRIAL" >/var/log/chartero/trial.log 2>&1 &
}

# Before anybody's calls come to it.
try_release() (
  serve_beside partners
  trap 'kill $! 2>/dev/null || true; wait $! || true' EXIT
  (ready "$TRIAL") || fail "Nothing was replaced: /var/log/chartero/trial.log says why."
)

is_current() { [ "$(readlink -f /srv/chartero/current || true)" = "$RELEASE" ]; }

# Whoever starts a process from now on gets the new release. The services come next: `current` must not lead for long to a
# release that nothing serves, and a build that fails from here on leads back.
switch_release() {
  if [ -e /srv/chartero/current ]; then previous=$(readlink -f /srv/chartero/current); fi
  lead_to "$RELEASE"
}

lead_to() {
  ln -sfn "$1" /srv/chartero/next
  mv -T /srv/chartero/next /srv/chartero/current
  say "/srv/chartero/current leads to $1"
}

# For a build that failed: whoever starts a process from now on gets the release that still serves, also after a restart of
# the machine. A run before this one may have led to the new release already. Where the new one serves all, it stays.
lead_back() {
  local service serves kept=$previous
  for service in partners staff; do
    serves=$(readlink "/proc/$(server_of "$service" 2>/dev/null)/cwd" || true)
    if [ ! -e "$serves/.complete" ]; then continue; fi
    kept=$serves
    if [ "$kept" != "$RELEASE" ]; then break; fi
  done
  if [ -n "$kept" ] && [ "$kept" != "$RELEASE" ]; then lead_to "$kept"; fi
}

# runs_release PID: a process runs the release if it began in its folder or with a file of it.
runs_release() {
  { readlink "/proc/$1/cwd"; tr '\0' '\n' <"/proc/$1/cmdline"; } 2>/dev/null | grep "^$RELEASE\(/\|\$\)" >/dev/null
}

ready() {
  local seconds
  for seconds in $(seq 60); do
    if curl --silent --fail --max-time 5 --output /dev/null "http://$1/readyz"; then return; fi
    sleep 1
  done
  fail "The service at $1 is not ready after $seconds s: see its log."
}
