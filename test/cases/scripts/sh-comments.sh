# ${dt} stands in a comment, ${unknown} as well
echo done // not a comment ${region} # a real one $[yyyyMMdd]
/// three slashes are nobody's
