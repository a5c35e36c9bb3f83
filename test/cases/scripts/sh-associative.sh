declare -A seen=([a]=1 ["b c"]=2)
seen[${region}]=3
for key in "${!seen[@]}"; do echo "$key=${seen[$key]}"; done
echo "${seen[@]@K} ${#seen[@]}"
