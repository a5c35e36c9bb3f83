insert into dw.orders (id, amount, region)
select o.id, sum(o.amount), '${region}'
from ods.orders o
where o.dt = '${dt}' and o.note <> 'it''s $5' -- ${not_in_scope}
group by o.id;
