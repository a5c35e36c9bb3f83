import re
print(re.sub(r"\$\{(\w+)\}", r"<\1>", "${a} ${dt} $[x]"), re.findall(r"^[^$]*\$$", "a$"))
