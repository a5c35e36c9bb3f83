echo $[yyyyMMdd] $[yyyy-MM-dd] $[ yyyyMMdd ] $[days+1] $[sum] $[x] $[i++]
date -d "$[yyyy-MM-dd] -1 day" +%F
