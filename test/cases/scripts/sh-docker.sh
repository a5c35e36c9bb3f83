docker run --rm -e DAY="${dt}" -v "$PWD":/w -w /w --name "job-$$" alpine:3 sh -c 'echo "$DAY" ${DAY} $(id -u)'
docker ps --format '{{.ID}}\t{{.Names}}' --filter "label=day=${dt}"
