find . -name '*.csv' -newermt "${dt}" -print0 | xargs -0 -I{} sh -c 'gzip -9 "$1"' _ {}
find /data -type f \( -name '*.tmp' -o -size +1G \) -exec rm -f {} + 2>/dev/null
