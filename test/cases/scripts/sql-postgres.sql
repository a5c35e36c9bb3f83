create or replace function f(a int, b text default 'x') returns int as $$
begin
  raise notice '% %', $1, b;
  return a + length($2);
end $$ language plpgsql;
select data->>'k', data#>>'{a,b}', arr[1:2], '{}'::jsonb ? 'k' from t where ts::date = '${dt}';
