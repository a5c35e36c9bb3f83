{{ config(materialized='incremental', unique_key='id') }}
select * from {{ ref('orders') }}
{% if is_incremental() %} where dt > (select max(dt) from {{ this }}) {% endif %}
-- {{ var("day", "${dt}") }} ${dbt_like}
