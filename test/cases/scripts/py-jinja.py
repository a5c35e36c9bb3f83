T = "{% for x in xs %}{{ x.name | default('${region}') }}{% endfor %} {# ${note} #}"
print(T)
