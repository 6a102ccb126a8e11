# What it costs to start: `hikae list`, and a recipe that does nothing. Sourced by scripts/bench.

STARTS=21

nothing() { bash -c true; }
list() { "$HIKAE" list > /dev/null; }
# A second run within a second waits for the next one, to have an id of its own: each starts in a second of its own.
next_second() { local us=${EPOCHREALTIME#*[.,]}; sleep "0.$(printf '%06d' $((1000000 - 10#$us)))"; }
noop() { "$HIKAE" run noop --quiet; }

# resident NAME COMMAND…: the most memory that the command had (KiB).
resident() {
  command time -f %M -o "$work/resident" "$@" > /dev/null
  tail -1 "$work/resident"
}

bench_start() {
  local command round limit_us=15000 took
  echo "== start"
  cat > "$work/config/recipes/noop.lua" <<'LUA'
--- Does nothing, to see what a run costs by itself.
return recipe { kind = "maintenance", type = "manual", run = function() end }
LUA
  for ((round = 1; round <= STARTS; round++)); do
    next_second
    for command in nothing list noop; do timed "$command" "$command"; done
  done
  for command in list noop; do
    echo "  $command: $(ratio "$command" nothing) of \`bash -c true\`"
    took=$(median < "$work/times/$command")
    if [ "${took%.*}" -lt $limit_us ]; then echo "  met      $command: under 15 ms"; else echo "  NOT MET  $command: over 15 ms"; fi
  done
  bound 'hikae list (resident)' "$(mib "$(resident "$HIKAE" list)")" 20 ' MiB'
  bound 'the recipe that does nothing (resident)' "$(mib "$(resident "$HIKAE" run noop --quiet)")" 20 ' MiB'
}
