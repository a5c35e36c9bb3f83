declare @d date = '${dt}';
select top (${n}) [order].[id], $action, $rowguid from [dbo].[order] with (nolock) where [at] >= @d;
