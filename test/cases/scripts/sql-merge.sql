merge into t using s on t.id = s.id
when matched and s.op = 'D' then delete
when matched then update set v = s.v, day = '${dt}'
when not matched then insert (id, v) values (s.id, s.v);
