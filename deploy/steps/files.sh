# What every step uses: how it says what it does, and writes only what is not yet as it should be.
# shellcheck shell=bash

say() { printf '   %s\n' "$*"; }
step() { printf '== %s (%d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }
fail() { printf '%s\n' "$*" >&2; exit 1; }
with_systemd() { [ -d /run/systemd/system ]; }
random() { openssl rand -hex "$1"; }

# put MODE OWNER:GROUP FILE: write what comes in, whole, if the file differs. Remember that something changed,
# which a subshell would forget: where that matters, don't put it behind a pipe.
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

# A file of the release with the address at which this machine serves.
addressed() { printf 'ADDRESS=%s\n' "$(address)" | "$deploy/fill" "$1"; }

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
