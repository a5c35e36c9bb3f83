f() {
echo one
}
f; {
echo two
}
} 2>/dev/null
