# nginx, and a certificate for it.
# shellcheck shell=bash

upstreams=/etc/chartero/nginx/upstreams.conf
pidfile=/run/nginx.pid

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
  put_upstreams_back
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
  if [ -s "$pidfile" ] && kill -0 "$(<"$pidfile")" 2>/dev/null; then
    reload_nginx
  else
    if with_systemd; then systemctl enable --quiet --now nginx; else nginx; fi
    say "started nginx"
  fi
}

# Also for what an earlier run wrote, or an operator. A running nginx can refuse what `nginx -t` accepts, such as another
# key of a zone, and then goes on with its old files.
reload_nginx() {
  local pid before seconds
  pid=$(<"$pidfile")
  before=$(<"/proc/$pid/task/$pid/children")
  kill -HUP "$pid"
  for seconds in $(seq 10); do
    if [ "$(<"/proc/$pid/task/$pid/children")" != "$before" ]; then return; fi
    sleep 1
  done
  fail "nginx still serves by its old files after $seconds s: /var/log/nginx/error.log says why. Restart it."
}

# lead_nginx_to ADDRESS: calls that would go to the servers of this machine go there, until nginx is led back.
lead_nginx_to() {
  say "nginx sends calls to $1 for now"
  cp -p "$upstreams" "$upstreams.kept"
  sed -i "s/\b127\.0\.0\.1:800[01]\b/$1/" "$upstreams"
  reload_nginx
}

lead_nginx_back() {
  put_upstreams_back
  reload_nginx
}

# Also after a run that was killed meanwhile.
put_upstreams_back() { [ ! -e "$upstreams.kept" ] || mv "$upstreams.kept" "$upstreams"; }
