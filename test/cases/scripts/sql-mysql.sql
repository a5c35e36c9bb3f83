set @r := 0;
select @r := @r + 1 as n, `key`, if(a is null, '${region}', a) from `t` where d = '${dt}' limit ${n};
prepare s from 'select ?'; execute s using @r;
