while IFS=, read -r id name rest || [[ -n $id ]]; do
  [[ $name =~ ^([A-Z]+)-([0-9]+)$ ]] && echo "${BASH_REMATCH[1]}:${BASH_REMATCH[2]}"
done < <(tail -n +2 "orders_${dt}.csv")
