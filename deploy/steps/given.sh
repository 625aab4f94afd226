# What this machine is to be: names and networks, or the address of a machine for the application alone.
# shellcheck shell=bash

names=/etc/chartero/names
etc=/etc/chartero

# An application machine has only an address. The first machine serves its own nginx.
is_application() { [ -n "${ADDRESS:-}" ]; }
address() { printf '%s' "${ADDRESS:-127.0.0.1}"; }

as_names() {
  if is_application; then printf "ADDRESS='%s'\n" "$ADDRESS"; return; fi
  printf "PARTNERS_NAME='%s'\nSTAFF_NAME='%s'\nSTAFF_NETWORKS='%s'\n" "$PARTNERS_NAME" "$STAFF_NAME" "$STAFF_NETWORKS"
}

# Look at what is given before anything of chartero is written.
check_given() {
  if is_application; then check_address; else check_names; check_certificate; fi
  if [ -e "$names" ] && [ "$(<"$names")" != "$(as_names)" ]; then
    fail "This machine was built with another address, other names or other networks. Change them in $names, in the files environment and" \
      "nginx/staff_networks.conf beside it and in the certificate; then run this without names, and restart the services."
  fi
  ! is_application || check_handed
}

check_names() {
  local name networks said
  read -ra networks <<<"$STAFF_NETWORKS"
  for name in "$PARTNERS_NAME" "$STAFF_NAME"; do
    [[ ${#name} -le 100 && $name =~ ^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$ ]] || fail "$name is not a host name in small letters."
  done
  [ "$PARTNERS_NAME" != "$STAFF_NAME" ] || fail "Partners and staff need two names."
  said=$(python3 -c 'import ipaddress, sys; [ipaddress.ip_network(each) for each in sys.argv[1:]]' "${networks[@]}" 2>&1) ||
    fail "A network of staff is wrong: ${said##*ValueError: }"
}

check_certificate() {
  local said
  [ -n "${CERTIFICATE:-}${CERTIFICATE_KEY:-}" ] || return 0
  said=$(openssl x509 -in "${CERTIFICATE:-}" -noout -pubkey 2>/dev/null || echo none)
  if [ "$said" != "$(openssl pkey -passin pass: -in "${CERTIFICATE_KEY:-}" -pubout 2>/dev/null)" ]; then
    fail "CERTIFICATE and CERTIFICATE_KEY must name a certificate and its key, which has no password."
  fi
}

check_address() {
  python3 -c 'import ipaddress, sys; ipaddress.IPv4Address(sys.argv[1])' "$ADDRESS" 2>/dev/null ||
    fail "$ADDRESS is not the IPv4 address at which the first machine reaches this one."
}

# The first machine's settings and secrets, as its operator has copied them. None is made here: the keys must be the same.
check_handed() {
  local file
  for file in environment secrets; do
    [ -s "$etc/$file" ] || fail "$etc/$file is missing: copy it from the first machine."
  done
  (
    . "$etc/environment"
    . "$etc/secrets"
    case "${CHARTERO_POOLER:-none}@${DATABASE_URL#*@}" in  # a pooler may be on this machine
      none@127.0.0.1[:/]* | none@localhost[:/]* | 'none@[::1]'* | none@%2[Ff]* | none@/* | none@*:///*) fail "DATABASE_URL in $etc/secrets points to this machine: name the one that has the database." ;;
    esac
    [ -z "${CHARTERO_CHECKPOINT_FILE:-}" ] || fail "CHARTERO_CHECKPOINT_FILE in $etc/environment is a file of the machine that seals: put a # before it."
    [ -n "${CHARTERO_S3_BUCKET:-}${CHARTERO_RECORDINGS_STORAGE:-}" ] ||
      say "Without CHARTERO_S3_BUCKET, recordings are files: this machine serves those that are in its own /var/lib/chartero."
  )
}

next_steps() {
  if is_application; then
    cat <<NEXT
Next, on the first machine: name this one in /etc/chartero/nginx/upstreams.conf, then: nginx -t && nginx -s reload
  for partners:  server $ADDRESS:8000 max_fails=3 fail_timeout=10s;
  for staff:     server $ADDRESS:8001;
NEXT
    return
  fi
  cat <<NEXT
Next, in a folder that the user chartero can write: cd /var/lib/chartero
  1. Create the first member of staff:  chartero createsuperuser
  2. Let $PARTNERS_NAME and $STAFF_NAME lead to this machine.
  3. Put a real certificate into /etc/chartero/tls (certificate.pem, key.pem), then: nginx -t && nginx -s reload
  4. Set EMAIL_URL in /etc/chartero/secrets, and the addresses in /etc/chartero/environment, then restart the services.
     Until then, nothing is mailed.
  5. Copy secrets and seal_keys of /etc/chartero to where backups are not, and /var/backups/chartero off this machine.
  6. Issue the first key: see "From nothing to a partner's first call" in README.md, with chartero for python manage.py.
NEXT
}
