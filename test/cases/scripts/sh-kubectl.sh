kubectl get pods -o jsonpath='{range .items[*]}{.metadata.name}{"\n"}{end}' -l day="${dt}"
kubectl patch cm x --type=json -p='[{"op":"replace","path":"/data/day","value":"'${dt}'"}]'
