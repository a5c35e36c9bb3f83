if [[ -f $f && ! -s $f || "$a" == b* ]]; then :; fi
[ "${x}" = "$y" ] && [ -z "${z-}" ]
test "$(id -u)" -eq 0 -a -n "${SUDO_USER:-}"
