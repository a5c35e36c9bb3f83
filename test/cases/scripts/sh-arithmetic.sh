a=5
b=$((a * 2 + n))
echo $(( (a + b) % 7 )) $[ 1+1 ] $[a+b] $[count+1] $((16#ff)) $(( a<<2 ))
let "a += 1"
(( a++ )); echo "$a" ${n}
