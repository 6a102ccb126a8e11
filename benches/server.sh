# A throwaway PostgreSQL on a free port of the loopback, run by a user of its own. Sourced by scripts/bench.

server_user() {
  # PostgreSQL refuses to be root.
  if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

server_start() {
  bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
  cluster=$work/cluster
  mkdir "$cluster"
  [ "$(id -u)" -ne 0 ] || chown postgres "$cluster"
  export PGHOST=127.0.0.1 PGUSER=postgres PGPASSWORD
  PGPORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  PGPASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  export PGPORT
  # pg_dump only reads: fsync and the log matter to the loading alone. Nothing may wake up in the middle of a round.
  printf %s "$PGPASSWORD" | server_user sh -c 'umask 077; cat > "$1"' - "$cluster/password"
  server_user "$bin/initdb" -D "$cluster/data" -U postgres -A scram-sha-256 --pwfile="$cluster/password" \
    -E UTF8 --locale=C.UTF-8 --no-sync > "$work/initdb.log"
  server_user "$bin/pg_ctl" -D "$cluster/data" -w -l "$cluster/log" -o "-c port=$PGPORT -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories=$cluster -c shared_buffers=512MB -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=8GB -c checkpoint_timeout=1d \
    -c autovacuum=off" start > "$work/start.log"
  server_running=1
}

server_stop() {
  [ -n "${server_running:-}" ] || return 0
  server_user "$bin/pg_ctl" -D "$cluster/data" -w -m immediate stop > /dev/null || true
  rm -rf "$cluster"
  server_running=
}

# server_fill DATABASE: makes the database of benches/cafe.sql, of the size that was asked for.
server_fill() {
  local tenth=1
  [ "$SIZE" = full ] && tenth=10
  createdb "$1"
  psql -X -q -v ON_ERROR_STOP=1 -v contacts=$((69006 * tenth)) -v sessions=$((60000 * tenth)) -v admins=$((500 * tenth)) \
    -d "$1" -f benches/cafe.sql > /dev/null
  "$bin/pgbench" -q -i -s $((2 * tenth)) "$1" 2> "$work/pgbench.log"
  psql -X -q -d "$1" -c 'VACUUM ANALYZE' -c CHECKPOINT
}
