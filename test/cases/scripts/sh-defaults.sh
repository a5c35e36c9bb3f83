: "${REGION:=eu-west-1}"
out=${OUT_DIR:-/tmp/out}/${dt}
echo "${v:-x} ${v-x} ${v:=x} ${v:+set} ${v:?must be set}" >"$out"
echo ${region}${region}_${region:-none}
