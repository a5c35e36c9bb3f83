echo "${a:-${b:-${dt}}} ${a:-$(echo ${region})} ${arr[${n}]} ${a:${n}:2} ${#dt} ${dt[0]} ${dt%-*} ${dt:0:4}"
echo ${dt}${dt}$dt$${dt} $${n} ${$} ${-} ${?} ${!}
