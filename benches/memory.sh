# Memory does not grow with the backup: a pg_dump that is none streams rows without end, and no database is needed. Sourced by scripts/bench.

# fake_dump GB: puts a pg_dump into the folder of fake programs that writes so many GB of rows.
fake_dump() {
  local fake=$work/fake
  mkdir -p "$fake"
  awk 'BEGIN { srand(42); for (n = 0; bytes < 4000000; n++) {
    row = sprintf("%d\t%08x%08x\t予約の変更について %d 番\t2026-02-%02d 02:00:00+09\n", n, rand() * 2^32, rand() * 2^32, rand() * 1e6, 1 + n % 28)
    bytes += length(row) + 18; printf "%s", row } }' > "$fake/rows"
  printf -- '--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.1\n-- Dumped by pg_dump version 15.1\n\nCOPY public.rows (id, token, subject, at) FROM stdin;\n' > "$fake/head"
  printf '\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n' > "$fake/tail"
  cat > "$fake/pg_dump" <<FAKE
#!/bin/sh
cd "\${0%/*}"
cat head
left=$(($1 * 250))
while [ \$left -gt 0 ]; do cat rows; left=\$((left - 1)); done
cat tail
FAKE
  chmod +x "$fake/pg_dump"
}

fake_run() {
  exec env PATH="$work/fake:$PATH" DB_NAME=endless BACKUP_DIR="$work/out" "$HIKAE" run db-backup --quiet "--set=compress=$1"
}

bench_memory() {
  local small=1 large=10 compress size first
  [ "$SIZE" = full ] || large=2
  echo "== memory at $small GB and at $large GB"
  for compress in gzip zstd; do
    for size in $small $large; do
      fake_dump "$size"
      witness "$work/out" fake_run "$compress"
      rm -rf "$work"/out/*
      bound "$compress at $size GB (resident)" "$(mib "$peak_rss")" 64 ' MiB'
      [ "$size" = "$small" ] && first=$peak_rss
    done
    bound "$compress, $large GB of $small GB" "$(divide "$peak_rss" "$first")" 1.25
  done
}
