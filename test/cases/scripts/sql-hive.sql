insert overwrite table dw.t partition (dt='${dt}')
select regexp_extract(u, '^https?://([^/]+)', 1), get_json_object(j, '$.a[0].b'), '${hiveconf:x}' from s
lateral view explode(split(tags, '\\|')) t as tag where dt between '$[yyyy-MM-dd]' and '${dt}';
