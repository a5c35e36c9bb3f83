val df = spark.table("t").where($"dt" === "${dt}" && $"x".isin(1, 2)).select($"a", lit(s"${df.count} $$ ${"$"}"))
println(s"${df.schema.map(_.name).mkString(",")} ${region} $[yyyyMMdd]")
