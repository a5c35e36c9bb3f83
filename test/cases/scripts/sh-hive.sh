hive --hivevar day="${dt}" -e 'select * from ods.orders where dt = "${hivevar:day}" and r = "${hiveconf:region}"'
spark-submit --conf "spark.app.name=${region}-$[yyyyMMdd]" --class com.example.Main app.jar "$@"
