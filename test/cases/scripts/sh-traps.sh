tmp=$(mktemp -d) || exit 1
trap 'rm -rf -- "$tmp"' EXIT INT TERM
trap '' HUP
echo "$$ $! $? $# $* $@ $- $_ $0 ${10}" >"$tmp/${dt}"
