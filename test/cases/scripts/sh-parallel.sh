parallel -j4 --halt now,fail=1 'echo {#} {.} {/} {//} {} ${dt}' ::: *.csv
seq 3 | xargs -P3 -n1 bash -c 'echo "$0 ${0}"'
