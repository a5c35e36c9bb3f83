git log --since="${dt}" --pretty=format:'%h %an %s' -- ':!vendor' | head -n ${n}
git rev-parse --abbrev-ref @{u} HEAD@{1} HEAD^{tree} ${commit}^..HEAD~2
