\set day '${dt}'
\if :{?day}
select :'day', :"col", :num::int from t where a = :num;
\endif
\copy t from 'x.csv' csv header
