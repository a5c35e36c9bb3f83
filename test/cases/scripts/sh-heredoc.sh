cat <<EOF >config.ini
[section]
day = ${dt}
home = ${HOME}
literal = \${dt}
sum = $(date +%s)
EOF
cat <<'EOF'
nothing here is the shell's: ${HOME} $(date) `id`
}
EOF
cat <<-TAB
	tabs stay	${region}
	TAB
