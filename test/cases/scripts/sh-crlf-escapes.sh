printf 'a\r\nb\0c' | tr -d '\r' | od -c
IFS=$'\n\t'
echo -e "\${dt} \\${dt} \\\${dt}"
