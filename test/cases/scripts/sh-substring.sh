path=/data/in/orders.tar.gz
echo "${path##*/} ${path%/*} ${path%%.*} ${path#*/} ${path/in/out} ${path//\//_} ${path:0:5} ${path: -6}"
echo "${path^^} ${path,,} ${path^} ${path@Q} ${!path*} ${!ref}"
