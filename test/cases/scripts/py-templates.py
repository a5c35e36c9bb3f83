from string import Template
print(Template("$who ${who} $$ ${not_in_scope}").safe_substitute(who="${region}"))
