# Long steps with progress, and the places that ./dev uses. Sourced by ./dev; the current folder is the root of the tree.

STATE=$PWD/.tidemill
LOGS=$STATE/logs
STAMPS=$STATE/stamps
mkdir -p "$LOGS" "$STAMPS"

if [ -t 1 ]; then BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' DIM=$'\e[2m' PLAIN=$'\e[0m'; else BOLD= GREEN= RED= DIM= PLAIN=; fi

say() { printf '%s\n' "$*"; }
title() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
die() { printf '%sdev: %s%s\n' "$RED" "$*" "$PLAIN" >&2; exit 1; }

# step "what is being done" command...    Runs it with its output in a log file; shows the time and the newest line
# meanwhile (every 15 s where the output is no terminal); shows the end of the log when it fails.
step() {
  local what=$1; shift
  local log start=$SECONDS last shown=$SECONDS status=0
  log=$LOGS/$(printf '%s' "$what" | tr -cs 'A-Za-z0-9' '-' | cut -c1-50).log
  "$@" >"$log" 2>&1 </dev/null &
  local job=$!
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.3
    if [ -t 1 ]; then
      last=$(tail -c 400 "$log" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c1-70)
      printf '\r\e[K  ... %s %s%ds  %s%s' "$what" "$DIM" $((SECONDS - start)) "$last" "$PLAIN"
    elif [ $((SECONDS - shown)) -ge 15 ]; then
      shown=$SECONDS
      last=$(tail -c 400 "$log" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c1-90)
      printf '  ... %s %ds  %s\n' "$what" $((SECONDS - start)) "$last"
    fi
  done
  wait "$job" || status=$?
  [ ! -t 1 ] || printf '\r\e[K'
  if [ "$status" = 0 ]; then
    printf '  %sdone%s %s (%ds)\n' "$GREEN" "$PLAIN" "$what" $((SECONDS - start))
  else
    printf '  %sfailed%s %s (%ds); the end of %s:\n' "$RED" "$PLAIN" "$what" $((SECONDS - start)) "${log#"$PWD"/}"
    tail -n 40 "$log" | sed 's/^/    /'
  fi
  return "$status"
}

# fresh name file...   True when `name` was stamped with the same content of these files.
fresh() { local name=$1; shift; [ "$(cat "$STAMPS/$name" 2>/dev/null)" = "$(cat "$@" | sha256sum)" ]; }
stamp() { local name=$1; shift; cat "$@" | sha256sum >"$STAMPS/$name"; }
