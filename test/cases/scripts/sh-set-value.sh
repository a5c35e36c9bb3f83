rows=$(wc -l <"orders_${dt}.csv")
echo "#{setValue(row_count=$rows)}"
echo "${setValue(region=${region})}"
echo '${setValue(day=$[yyyyMMdd])}'
