diff <(sort "a-${dt}") <(sort "b-${dt}") || comm -13 <(cut -d, -f1 a) <(cut -d, -f1 b)
tee >(gzip >all.gz) >(wc -l) </dev/null
exec 3<>/dev/tcp/localhost/80 || true
