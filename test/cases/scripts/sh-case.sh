case "${1:-start}" in
  start|up) echo up ;;
  -[a-z]*) echo "option ${1#-}" ;;
  *) echo "usage: $0 {start|stop}" >&2; exit 64 ;;
esac
