# PostgreSQL on this machine: its settings, two roles, the database.
# shellcheck shell=bash

as_postgres() { (cd / && runuser -u postgres -- "$@"); }

make_database() {
  local version cluster conf others
  read -r version cluster < <(pg_lsclusters --no-header | awk '$3 == 5432 { print $1, $2 }') ||
    fail "PostgreSQL has no cluster at port 5432: pg_createcluster --port 5432 15 main"
  conf=/etc/postgresql/$version/$cluster/conf.d/chartero.conf
  pg_ctlcluster "$version" "$cluster" status >/dev/null 2>&1 || pg_ctlcluster "$version" "$cluster" start
  if [ ! -e "$conf" ]; then
    others=$(as_postgres psql -AtXc "SELECT string_agg(datname, ', ') FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'chartero')")
    [ -z "$others" ] || fail "PostgreSQL also has $others, and chartero would change its settings and restart it." \
      "Put what you want of deploy/postgresql/primary.conf into $conf, restart it yourself, then run this again."
    put 0644 root:root "$conf" <"$deploy/postgresql/primary.conf"
    pg_ctlcluster "$version" "$cluster" restart
  elif [ -e /srv/chartero/current ] && ! cmp -s /srv/chartero/current/deploy/postgresql/primary.conf "$deploy/postgresql/primary.conf"; then
    say "This release has other settings of PostgreSQL: compare deploy/postgresql/primary.conf with $conf."
  fi
  make_role chartero_owner chartero-owner
  make_role chartero_web secrets
  as_postgres psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
SELECT 'CREATE DATABASE chartero OWNER chartero_owner ENCODING ''UTF8'' LOCALE ''C.UTF-8'' TEMPLATE template0'
 WHERE 'chartero' NOT IN (SELECT datname FROM pg_database) \gexec
REVOKE ALL ON DATABASE chartero FROM PUBLIC;
GRANT CONNECT ON DATABASE chartero TO chartero_web;
SQL
}

# make_role ROLE FILE: a role that has the password in the URL of this file. A URL of the operator's own is left alone.
make_role() {
  local password
  password=$(sed -n "s|^DATABASE_URL='postgres://[a-z_]*:\([0-9a-f]*\)@.*|\1|p" "/etc/chartero/$2")
  if [ -z "$password" ] || PGPASSWORD=$password psql -Xqwh 127.0.0.1 -U "$1" -d postgres -c '' 2>/dev/null; then return 0; fi
  as_postgres psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 >/dev/null <<SQL
SELECT 'CREATE ROLE $1' WHERE '$1' NOT IN (SELECT rolname FROM pg_roles) \gexec
ALTER ROLE $1 LOGIN PASSWORD '$password';
SQL
  say "set the password of the role $1"
}
