sed -E 's/^([^,]+),.*$/\1/; $d; /^#/d' in.csv | sed -n '1!G;h;$p'
sed -i "s|@DAY@|${dt}|g" report.html
sed 's/${name}/${other}/' template
