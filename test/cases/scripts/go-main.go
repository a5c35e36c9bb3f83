package main
import "fmt"
func main() { m := map[string][]int{"a": {1, 2}}; fmt.Printf("%v %+d %q\n", m["a"][0:1], ${n}, `raw ${dt} $[x]`) }
