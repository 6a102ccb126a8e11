# The restore test: a drill by hikae, its verification included, beside the mere load of the same rows; and an archive that is loaded
# by several connections, beside `pg_restore -j`. Sourced by scripts/bench.

DATABASE=english_cafe_db

hikae_at() {
  local recipe=$1
  shift
  env DB_HOST="$PGHOST" DB_PORT="$PGPORT" DB_NAME="$DATABASE" DB_USER="$PGUSER" DB_PASSWORD="$PGPASSWORD" \
    BACKUP_DIR="$work/out" "$HIKAE" run "$recipe" --quiet "$@"
}

# The load alone: into a database that is there already, and without the lines that would make another one of it.
load_alone() { zcat "$work/load/alone.sql.gz" | psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d loaded_alone; }
drill() { hikae_at backup-test --set "file=$backup" --set cluster=server --set verify=rows; }
drill_data() { hikae_at backup-test --set "file=$backup" --set cluster=server; }
load_by_jobs() { pg_restore -j 2 --exit-on-error -d loaded_alone "$work/load/alone.dump"; }
drill_by_jobs() { hikae_at backup-test --set "file=$work/load/alone.dump" --set cluster=server --set verify=rows --set jobs=2 --set trust=dump; }
drill_apart() { hikae_at backup-test --set "file=$backup" --set cluster=temporary --set "cluster_dir=$work"; }

COMMANDS=(load_alone drill drill_data drill_apart load_by_jobs drill_by_jobs)
declare -A SHOWN=([load_alone]='zcat | psql' [drill]='… --set verify=rows' [drill_data]='hikae run backup-test' \
  [drill_apart]='… --set cluster=temporary' [load_by_jobs]='pg_restore -j 2' [drill_by_jobs]='… --set jobs=2')

# Each command begins on a server at rest, and the load with an empty database.
at_rest() {
  dropdb --if-exists loaded_alone 2> /dev/null
  createdb -T template0 loaded_alone
  psql -X -q -d postgres -c CHECKPOINT
  sync
}

bench_drill() {
  local command round backup
  echo "== drill"
  server_start
  server_fill "$DATABASE"
  hikae_at db-backup
  backup=$(find "$work/out" -name 'db_backup_*.sql.gz')
  mkdir "$work/load"
  pg_dump -d "$DATABASE" | gzip > "$work/load/alone.sql.gz"
  pg_dump --format=custom -d "$DATABASE" -f "$work/load/alone.dump"
  # A round that is not timed: it warms the caches, and ends the benchmark where a drill fails.
  for command in "${COMMANDS[@]}"; do at_rest && "$command"; done
  for ((round = 1; round <= ROUNDS; round++)); do
    for command in "${COMMANDS[@]}"; do
      at_rest
      timed "$command" "$command"
    done
  done
  server_stop
  show_drill
}

show_drill() {
  local command row='%-28s %13s   %s\n'
  echo "wall time is the median of $ROUNDS ratios, each of two commands in the same round"
  printf "$row" command '/ zcat | psql' rounds
  for command in "${COMMANDS[@]}"; do
    printf "$row" "${SHOWN[$command]}" "$(ratio "$command" load_alone)" "$(ratios "$command" load_alone | xargs)"
  done
  bound 'a drill that compares rows, of the load alone' "$(ratio drill load_alone)" 1.23
  bound 'a drill that compares all data, of the load alone' "$(ratio drill_data load_alone)" 1.50
  bound 'a drill by two connections, of pg_restore -j 2' "$(ratio drill_by_jobs load_by_jobs)" 1.23
}
