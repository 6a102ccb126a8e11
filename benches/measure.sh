# How the benchmark times commands, compares them, and watches what they take. Sourced by scripts/bench.

# timed NAME COMMAND…: runs the command and notes how long it took.
timed() {
  local name=$1 begin=${EPOCHREALTIME/[.,]/}
  shift
  "$@"
  echo $((${EPOCHREALTIME/[.,]/} - begin)) >> "$work/times/$name"
}

# in_turn FUNCTION…: times them in turn, each in a shell of its own; `before_FUNCTION` prepares it and is not timed.
in_turn() {
  local round command
  for ((round = 1; round <= ROUNDS; round++)); do
    for command in "$@"; do
      "before_$command"
      sync
      timed "$command" eval '("$command")'
      rm -rf "$work"/out/*
    done
  done
}

# median: of the numbers on standard input.
median() {
  sort -g | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# ratios NAME OF: the ratios of two commands, round by round.
ratios() {
  paste "$work/times/$1" "$work/times/$2" | awk '{ printf "%.3f\n", $1 / $2 }'
}

# ratio NAME OF: their median.
ratio() {
  ratios "$1" "$2" | median | xargs printf '%.2f'
}

# divide A B [FORMAT]
divide() {
  awk -v a="$1" -v b="$2" -v format="${3:-%.2f}" 'BEGIN { printf format, a / b }'
}

# bound WHAT VALUE LIMIT [UNIT]: says whether a bound is met.
bound() {
  if awk -v a="$2" -v b="$3" 'BEGIN { exit !(a <= b) }'; then
    echo "  met      $1: $2${4:-} (bound: $3${4:-})"
  else
    echo "  NOT MET  $1: $2${4:-} (bound: $3${4:-})"
  fi
}

# witness FOLDER COMMAND…: runs the command and looks at it every 50 ms. Leaves in peak_rss and peak_pss the most
# memory that its own process had (KiB, not its children), in peak_disk the most that lay in the folder (KiB).
witness() {
  local folder=$1 pid key value rest disk
  shift
  peak_rss=0 peak_pss=0 peak_disk=0
  "$@" &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    while read -r key value rest; do
      [ "$key" = VmHWM: ] && [ "$value" -gt "$peak_rss" ] && peak_rss=$value
    done < "/proc/$pid/status" || true
    while read -r key value rest; do
      [ "$key" = Pss: ] && [ "$value" -gt "$peak_pss" ] && peak_pss=$value
    done < "/proc/$pid/smaps_rollup" || true
    # A file that is renamed meanwhile makes du complain; the next look sees it.
    disk=$(du -sk --apparent-size "$folder" | cut -f1) || disk=0
    [ "$disk" -gt "$peak_disk" ] && peak_disk=$disk
    sleep 0.05
  done 2>/dev/null
  wait "$pid"
}

# mib KIB
mib() {
  divide "$1" 1024 '%.1f'
}
