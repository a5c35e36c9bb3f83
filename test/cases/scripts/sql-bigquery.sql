select * from `project.dataset.events_*`
where _table_suffix = format_date('%Y%m%d', date '${dt}') and x = @param and regexp_contains(y, r'^\$[a-z]+$');
