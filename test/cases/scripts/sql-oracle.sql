begin
  for r in (select * from all_tables where owner = '&owner') loop
    execute immediate 'truncate table ' || r.table_name;
  end loop;
  :out := to_date('${dt}', 'YYYY-MM-DD');
end;
/
