import datetime as dt
day = dt.date.fromisoformat("${dt}")
d = {"a": 1}
print(f"{day:%Y-%m-%d} {d['a']!r:>10} {{literal}} ${d} ${{x}} $[yyyyMMdd]")
print("%s %(x)s %%" % ({"x": 1},) if False else "{} {0} {x}".format(1, x=2))
