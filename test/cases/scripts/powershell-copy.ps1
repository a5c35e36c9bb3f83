$day = "${dt}"; $items = @{ a = 1 }; Write-Host "$($items.a) ${env:PATH} $day `$escaped ${region}"
Get-ChildItem -Path $PSScriptRoot | Where-Object { $_.Length -gt 1KB } | % { $_.Name }
