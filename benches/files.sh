# Files: archives of logs and of many small files beside GNU tar, and old files found and removed beside find. Sourced by scripts/bench.

# make_logs GB: so many GB of log lines in files of 100 MB, of which no line comes again within 40 MB.
make_logs() {
  local number
  mkdir -p "$work/logs"
  awk 'BEGIN { srand(7); for (n = 0; bytes < 40000000; n++) {
    line = sprintf("2026-02-%02dT%02d:%02d:%02d.%03dZ %s 10.%d.%d.%d GET /api/v1/reservations/%d status=%d bytes=%d ms=%d agent=\"Mozilla/5.0\" id=%08x%08x", \
      1 + n % 28, rand() * 24, rand() * 60, rand() * 60, rand() * 1000, (n % 17) ? "INFO" : "WARN", rand() * 255, rand() * 255, rand() * 255, \
      rand() * 100000, (n % 13) ? 200 : 404, rand() * 50000, rand() * 900, rand() * 2^32, rand() * 2^32)
    bytes += length(line) + 1; print line } }' > "$work/lines"
  for ((number = 0; number < $1 * 10; number++)); do
    { tail -c +$((number * 977 + 1)) "$work/lines"; cat "$work/lines"; head -c $((20000000 + number * 977)) "$work/lines"; } > "$work/logs/app.$number.log"
  done
}

# make_small FOLDER COUNT BYTES: so many files of up to so many bytes, a hundred in a folder.
make_small() {
  python3 - "$@" <<'PYTHON'
import os, random, sys
folder, count, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(1)
noise = os.urandom(1 << 20)
for number in range(count):
    if number % 100 == 0:
        below = f"{folder}/d{number // 100:05}"
        os.makedirs(below)
    size = random.randint(0, most)
    start = random.randrange(len(noise) - size + 1)
    with open(f"{below}/f{number:07}", "wb") as file:
        file.write(noise[start:start + size])
PYTHON
}

files_recipe() {
  cat > "$work/config/recipes/files.lua" <<'LUA'
--- Packs, verifies, or finds and removes: what the benchmark measures.
return recipe {
  kind = "maintenance",
  type = "manual",
  timeout = "2h",
  params = { root = { type = "path" }, to = { default = "" }, act = { default = "pack" }, as = { default = "none" } },
  needs = { read = { "{root}" }, write = { os_work } },
  run = function(p)
    if p.act == "verify" then
      return archive.verify(p.to)
    elseif p.act == "remove" then
      return fs.remove(fs.list { dir = p.root, recursive = true, kind = "file", older_than_days = 30 })
    end
    local stream = archive.pack { roots = { p.root }, base = p.root }
    if p.as ~= "none" then
      stream = p.as == "gzip" and stream:gzip() or stream:zstd()
    end
    return stream:save(p.to)
  end,
}
LUA
  sed -i "s|os_work|\"$work\"|" "$work/config/recipes/files.lua"
}

# files_run ROOT TO ACT AS
files_run() {
  exec "$HIKAE" run files --quiet --set root="$1" --set to="$2" --set act="$3" --set as="$4"
}

before_tar_gzip() { :; }
before_logs_gzip() { :; }
before_logs_zstd() { :; }
before_tar_plain() { :; }
before_small_plain() { :; }
before_gzip_test() { cp "$work/kept.tar.gz" "$work/out/a.tar.gz"; }
before_logs_verify() { before_gzip_test; cp "$work/kept.manifest" "$work/out/a.tar.gz.manifest.json"; }
before_find_delete() { rm -rf "$work/old"; mkdir "$work/old"; tar -xf "$work/old.tar" -C "$work/old"; }
before_list_remove() { before_find_delete; }

tar_gzip() { tar -czf "$work/out/t.tar.gz" -C "$work/logs" .; }
logs_gzip() { files_run "$work/logs" "$work/out/a.tar.gz" pack gzip; }
logs_zstd() { files_run "$work/logs" "$work/out/a.tar.zst" pack zstd; }
gzip_test() { gzip -t "$work/out/a.tar.gz"; }
logs_verify() { files_run "$work/out" "$work/out/a.tar.gz" verify none; }
tar_plain() { tar -cf "$work/out/t.tar" -C "$work/small" .; }
small_plain() { files_run "$work/small" "$work/out/a.tar" pack none; }
find_delete() { find "$work/old" -type f -mtime +30 -delete; }
list_remove() { files_run "$work/old" none remove none; }
million() { files_run "$work/million" "$work/out/m.tar.zst" pack zstd; }

bench_files() {
  local gb=2 small=100000 many=1000000 size
  [ "$SIZE" = full ] || { gb=1 small=10000 many=100000; }
  echo "== files"
  files_recipe
  make_logs "$gb"
  tar_gzip
  size=$(stat -c %s "$work/out/t.tar.gz")
  witness "$work/out" logs_gzip
  bound 'the gzip file of logs, of that of tar -czf' "$(divide "$(stat -c %s "$work/out/a.tar.gz")" "$size" %.3f)" 1
  bound 'memory with gzip (resident)' "$(mib "$peak_rss")" 64 ' MiB'
  tar -tzf "$work/out/a.tar.gz" | cmp - <(cd "$work/logs" && find . | LC_ALL=C sort | sed 's|^\./||; s|^\.$|./|') && echo "checked: GNU tar lists every file"
  mv "$work/out/a.tar.gz" "$work/kept.tar.gz"
  mv "$work/out/a.tar.gz.manifest.json" "$work/kept.manifest"
  rm -rf "$work"/out/*
  in_turn tar_gzip logs_gzip logs_zstd gzip_test logs_verify
  rm -rf "$work/logs" "$work/lines"
  bound 'logs with gzip, of tar -czf' "$(ratio logs_gzip tar_gzip)" 0.31
  bound 'logs with zstd, of tar -czf' "$(ratio logs_zstd tar_gzip)" 0.15
  bound 'archive.verify, of gzip -t' "$(ratio logs_verify gzip_test)" 1

  make_small "$work/small" "$small" 8000
  in_turn tar_plain small_plain
  bound "$small small files, of tar -cf" "$(ratio small_plain tar_plain)" 1.3
  find "$work/small" -type f -exec touch -d '40 days ago' {} +
  tar -cf "$work/old.tar" -C "$work/small" .
  rm -rf "$work/small"
  in_turn find_delete list_remove
  bound "$small old files found and removed, of find -delete" "$(ratio list_remove find_delete)" 1.1
  rm -rf "$work/old" "$work/old.tar"

  make_small "$work/million" "$many" 0
  witness "$work/out" million
  bound "memory with $many entries (resident)" "$(mib "$peak_rss")" 64 ' MiB'
  rm -rf "$work/million" "$work"/out/*
}
