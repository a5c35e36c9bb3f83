psql -v ON_ERROR_STOP=1 -v day="${dt}" <<'SQL'
select :'day'::date, :"col", :var, $1, $$text$$, $fn$ body $fn$ from t where a = ANY('{1,2}') \gset
\echo :day
SQL
