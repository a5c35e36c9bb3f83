import pandas as pd
df = pd.read_csv(f"orders_{'${dt}'}.csv", dtype={"id": "int64"})
df = df[df["amount"].between(0, ${n}) & ~df["region"].isin(["${region}"])].assign(x=lambda d: d.a ** 2)
df.query("a > @n and b == '$'").to_parquet("out.parquet")
