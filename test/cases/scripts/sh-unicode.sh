echo "été ☕ 日本 ${dt} ${区域:-无} ${naïve}"
printf '%s\n' "emoji 👩‍💻 ${region}"
