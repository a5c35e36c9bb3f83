select 'unclosed ${dt}
from "x where y = '$[yyyyMMdd]
