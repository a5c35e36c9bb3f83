while getopts ":d:r:v" opt; do
  case $opt in
    d) day=$OPTARG ;; r) region=$OPTARG ;; v) set -x ;;
    :) echo "-$OPTARG needs a value" >&2; exit 2 ;;
    \?) echo "unknown -$OPTARG" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
echo "${day:-${dt}}"
