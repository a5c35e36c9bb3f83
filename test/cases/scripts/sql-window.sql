with ranked as (
  select *, row_number() over (partition by customer order by at desc) as rn
  from orders where at >= date '${dt}' - interval '7' day
)
select * from ranked where rn = 1 and amount % 10 = ${n} /* $[yyyyMMdd] */;
