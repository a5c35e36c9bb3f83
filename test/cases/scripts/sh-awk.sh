awk -F'\t' '{ sum[$1] += $2 } END { for (k in sum) printf "%s\t%d\n", k, sum[k] }' "in-${dt}.tsv"
awk 'NR==1 || $NF > 10 { print $0; next } { $1 = ""; print }' in.txt
awk -v day="${dt}" '$3 == day { n++ } END { print n+0 }' log
