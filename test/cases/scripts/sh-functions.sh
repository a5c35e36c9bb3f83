log() { printf '%s %s\n' "$(date -Is)" "$*" >&2; }
retry() {
  local tries=$1; shift
  for ((i = 1; i <= tries; i++)); do "$@" && return 0; log "try $i of $tries"; sleep $((2 ** i)); done
  return 1
}
retry ${n} curl -fsS "https://example.com/${region}/$1?day=${dt}"
