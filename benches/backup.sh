# The nightly backup of one database: hikae, the documented script, pigz, and the floor under them all. Sourced by scripts/bench.

DATABASE=english_cafe_db
DUMP=(pg_dump --clean --if-exists --create -d "$DATABASE")

floor() { "${DUMP[@]}" > /dev/null; }

# The steps of the documented script: dump to disk, gzip, tell the size, let old files go, look at the first lines.
documented() {
  local file
  file=$work/out/db_backup_$(date +%Y%m%d_%H%M%S).sql
  "${DUMP[@]}" --verbose > "$file" 2> "$work/documented.log"
  gzip "$file"
  du -h "$file.gz" | cut -f1 > "$work/documented.log"
  find "$work/out" -name 'db_backup_*.sql.gz' -mtime +30 -delete
  # Not under pipefail: head leaves early, and zcat is then told off for it.
  (set +o pipefail; zcat "$file.gz" | head -10 | grep -q 'PostgreSQL database dump')
}

pigz_pipe() { "${DUMP[@]}" | pigz -p2 > "$work/out/pigz.sql.gz"; }

hikae_run() {
  exec env DB_HOST="$PGHOST" DB_PORT="$PGPORT" DB_NAME="$DATABASE" DB_USER="$PGUSER" DB_PASSWORD="$PGPASSWORD" \
    BACKUP_DIR="$work/out" "$HIKAE" run db-backup --quiet "$@"
}
hikae_gzip() { hikae_run; }
hikae_zstd() { hikae_run --set compress=zstd; }

COMMANDS=(floor documented pigz_pipe hikae_gzip hikae_zstd)
declare -A SHOWN=([floor]='pg_dump > /dev/null' [documented]='documented script' [pigz_pipe]='pg_dump | pigz -p2'
  [hikae_gzip]='hikae run db-backup' [hikae_zstd]='… --set compress=zstd')
declare -A size disk rss pss

# What was written is removed and the disk left at rest, so that no command pays for the one before it.
clear_away() {
  rm -rf "$work"/out/*
  sync
}

# check_backup FILE: it holds what the database holds, and a gzip file is one member.
check_backup() {
  local unpack=(gzip -dc) same=(env LC_ALL=C grep -av '^\\\(un\)\{0,1\}restrict ')
  case $1 in *.zst) unpack=(zstd -dcq) ;; *) python3 benches/one_member.py "$1" ;; esac
  cmp <("${unpack[@]}" "$1" | "${same[@]}") <("${DUMP[@]}" | "${same[@]}")
}

# One round that is not timed: it warms the caches, watches memory and disk, and checks what was written.
look_closely() {
  local command file
  for command in "${COMMANDS[@]}"; do
    witness "$work/out" "$command"
    rss[$command]=$peak_rss pss[$command]=$peak_pss disk[$command]=$peak_disk
    file=$(find "$work/out" -type f ! -name '*.manifest.json')
    if [ -n "$file" ]; then
      size[$command]=$(($(stat -c %s "$file") / 1024))
      # The documented script asks pg_dump for more comments, with the time in them.
      [ "$command" = documented ] || check_backup "$file"
    fi
    clear_away
  done
  echo "checked: every backup of hikae unpacks to what the database holds, its gzip file is one member"
}

bench_backup() {
  local command round
  echo "== db-backup"
  server_start
  server_fill "$DATABASE"
  look_closely
  for ((round = 1; round <= ROUNDS; round++)); do
    for command in "${COMMANDS[@]}"; do
      # In a shell of its own: hikae_run replaces it.
      timed "$command" eval '("$command")'
      clear_away
    done
  done
  server_stop
  show_backup
}

show_backup() {
  local command row
  echo "wall time is the median of $ROUNDS ratios, each of two commands in the same round; memory is hikae's own"
  row='%-22s %13s %9s %17s %11s %12s\n'
  printf "$row" command '/ documented' '/ floor' 'file / gzip -6' 'peak MiB' 'disk / file'
  for command in "${COMMANDS[@]}"; do
    printf "$row" "${SHOWN[$command]}" "$(ratio "$command" documented)" "$(ratio "$command" floor)" \
      "$([ -n "${size[$command]:-}" ] && divide "${size[$command]}" "${size[documented]}" %.3f || echo -)" \
      "$([[ $command = hikae_* ]] && mib "${rss[$command]}" || echo -)" \
      "$([ -n "${size[$command]:-}" ] && divide "${disk[$command]}" "${size[$command]}" || echo -)"
  done
  for command in hikae_gzip hikae_zstd; do
    echo "rounds of ${command#hikae_}: $(ratios "$command" documented | xargs) of the documented script"
  done
  bound 'gzip, of the documented script' "$(ratio hikae_gzip documented)" 0.36
  bound 'zstd, of the documented script' "$(ratio hikae_zstd documented)" 0.27
  bound 'the gzip file, of that of gzip -6' "$(divide "${size[hikae_gzip]}" "${size[documented]}" %.3f)" 1
  bound 'memory with gzip (resident; proportional: '"$(mib "${pss[hikae_gzip]}")"')' "$(mib "${rss[hikae_gzip]}")" 64 ' MiB'
  bound 'memory with zstd (resident; proportional: '"$(mib "${pss[hikae_zstd]}")"')' "$(mib "${rss[hikae_zstd]}")" 64 ' MiB'
  bound 'peak disk, of the file' "$(divide "${disk[hikae_gzip]}" "${size[hikae_gzip]}")" 1.01
}
