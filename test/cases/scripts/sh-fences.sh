cat > README.md <<'MD'
```bash
echo "in a fence ${dt}"
```
````
longer
````
MD
