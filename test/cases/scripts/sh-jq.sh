jq -r --arg day "${dt}" '.items[] | select(.day == $day) | "\(.id)\t\(.name // "none")"' in.json
jq '{a: .a, ($k): 1} | .b |= . + 1 | with_entries(.value |= tostring)' --arg k "$key" in.json
jq -n '[limit(3; range(10))] | length as $n | "${n}"'
