df <- read.csv(sprintf("orders_%s.csv", "${dt}")); df$amount[is.na(df$amount)] <- 0
print(aggregate(amount ~ region, df[df$region != "${region}", ], sum) %>% head(${n}))
