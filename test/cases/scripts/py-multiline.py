sql = """
select * from t
where dt = '${dt}' and r in ('${region}', 'us')
}
"""
print(sql.strip(), end="")
